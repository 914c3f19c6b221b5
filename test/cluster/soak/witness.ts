import { setTimeout as sleep } from 'node:timers/promises';
import { findCondition } from '../../../src/api/condition.ts';
import { mdevDeviceSchema } from '../../../src/api/mdev-device.ts';
import { keyOf, deviceResource } from '../../../src/kube/resource.ts';
import { listAll } from '../../support/cluster-client.ts';
import { doubledUUIDs, type HostView } from '../invariants.ts';
import { viewOf } from '../view.ts';
import type { Intents } from './intents.ts';
import type { Site } from './site.ts';

/** A device that was seen live while its object was Ready. */
interface Sight {
  readonly object: string;
  readonly uid: string;
  readonly bootID: string;
  readonly parent: string;
}

const interval = 400;

/**
 * Looks at hosts and objects all the time, for what must not be even for a moment: one UUID on two hosts, and a device that goes though it
 * was Ready, its object was not deleted, its host did not reboot and nobody took it by hand.
 */
export class Witness {
  readonly #site: Site;
  readonly #intents: Intents;
  /** By node and UUID. */
  readonly #seen = new Map<string, Sight>();
  readonly #excused = new Set<string>();
  readonly #excusedParents = new Set<string>();
  readonly violations = new Set<string>();
  looks = 0;

  constructor(site: Site, intents: Intents) {
    this.#site = site;
    this.#intents = intents;
  }

  /** Somebody takes this device away. */
  excuse(node: string, uuid: string): void {
    this.#excused.add(`${node} ${uuid}`);
  }

  /** Somebody takes away all devices of a parent, until `begun` is false. */
  excuseParent(node: string, parent: string, begun = true): void {
    if (begun) this.#excusedParents.add(`${node} ${parent}`);
    else this.#excusedParents.delete(`${node} ${parent}`);
    for (const [key, sight] of this.#seen) if (key.startsWith(`${node} `) && sight.parent === parent) this.#excused.add(key);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look();
      await sleep(interval);
    }
  }

  async #look(): Promise<void> {
    const views = await Promise.all(
      this.#site.nodes.map(async (node) => {
        try {
          return await viewOf(await node.host());
        } catch {
          return undefined; // It is rebooting.
        }
      }),
    );
    const hosts = views.filter((view) => view !== undefined);
    for (const violation of doubledUUIDs({ devices: [], parents: [], hosts })) this.violations.add(violation);
    for (const host of hosts) this.#missing(host);
    await this.#note(hosts);
    this.looks += 1;
  }

  #missing({ node, state }: HostView): void {
    const there = new Set(state.devices.map(({ id }) => `${node} ${id}`));
    for (const [key, { object, uid, bootID, parent }] of this.#seen) {
      if (!key.startsWith(`${node} `) || there.has(key)) continue;
      this.#seen.delete(key);
      const excused = this.#excused.delete(key) || this.#excusedParents.has(`${node} ${parent}`);
      if (excused || bootID !== state.bootID || this.#intents.isDismissed(uid)) continue;
      this.violations.add(`the device of ${object} went from ${key} though nobody had asked for that`);
    }
  }

  /** Which of the devices on the hosts belong to objects that are Ready, by the API server; if that cannot be asked, those of before. */
  async #note(hosts: readonly HostView[]): Promise<void> {
    let objects;
    try {
      ({ objects } = await listAll(this.#site.client, deviceResource, AbortSignal.timeout(1000)));
    } catch {
      return;
    }
    for (const object of [...objects.values()].map((item) => mdevDeviceSchema.parse(item))) {
      const { metadata, status } = object;
      const host = hosts.find(({ node }) => node === status?.allocation?.nodeName);
      const device = host?.state.devices.find(({ id }) => id === status?.uuid);
      if (host === undefined || device === undefined || findCondition(status?.conditions, 'Ready')?.status !== 'True') continue;
      const key = `${host.node} ${device.id}`;
      const sight = { object: keyOf(metadata), uid: metadata.uid ?? '', bootID: host.state.bootID, parent: device.parent };
      this.#seen.set(key, sight);
    }
  }
}
