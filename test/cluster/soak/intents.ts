import type { MdevDevice } from '../../../src/api/mdev-device.ts';
import type { KubeClient, KubeObject } from '../../../src/kube/client.ts';
import { deviceResource, keyOf } from '../../../src/kube/resource.ts';
import type { Role } from './cast.ts';

const fieldManager = 'soak';
/** An API server that is away is not waited for, ms. */
const patience = 3000;

/** Which objects the soak's users want to exist, whatever the API server has answered. */
export class Intents {
  readonly #client: KubeClient;
  readonly #roles: readonly Role[];
  readonly #wanted = new Set<string>();
  /** The UIDs of objects that somebody has asked to delete: their devices may go. */
  readonly #dismissed = new Set<string>();

  constructor(client: KubeClient, roles: readonly Role[]) {
    this.#client = client;
    this.#roles = roles;
  }

  isDismissed(uid: string): boolean {
    return this.#dismissed.has(uid);
  }

  /** Whether there is an answer, and which, is found out at the end. */
  async apply(role: Role): Promise<void> {
    this.#wanted.add(keyOf(role));
    const { spec, ...key } = role;
    await this.#client.apply(deviceResource, key, { spec }, { fieldManager, force: true }, AbortSignal.timeout(patience));
  }

  async remove(role: Role): Promise<void> {
    this.#wanted.delete(keyOf(role));
    const object = await this.#client.get(deviceResource, role, AbortSignal.timeout(patience));
    if (object !== undefined) await this.#delete(object);
  }

  /** Asks again for what is not as wanted; what of it is still to come. */
  async insist(devices: readonly MdevDevice[]): Promise<string[]> {
    const found = new Map(devices.map((device) => [keyOf(device.metadata), device]));
    const open: string[] = [];
    for (const role of this.#roles) {
      const key = keyOf(role);
      const device = found.get(key);
      if (this.#wanted.has(key) === (device !== undefined)) continue;
      open.push(device === undefined ? `${key} is missing` : `${key} is still there`);
      if (device === undefined) await this.apply(role);
      else if (device.metadata.deletionTimestamp === undefined) await this.#delete(device);
    }
    return open;
  }

  async #delete({ metadata: { namespace, name, uid = '' } }: Pick<KubeObject, 'metadata'>): Promise<void> {
    this.#dismissed.add(uid);
    await this.#client.delete(deviceResource, { namespace, name }, { uid }, AbortSignal.timeout(patience));
  }
}
