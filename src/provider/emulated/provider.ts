import type { EmulatedHost } from '../../emulator/host.ts';
import type { DeviceSnapshot } from '../../emulator/mdev/snapshot.ts';
import { readableAttributes } from '../../emulator/readable-attributes.ts';
import { checkAttribute } from '../attribute-name.ts';
import { ProviderError } from '../contract.ts';
import type {
  Attribute,
  CreateRequest,
  Device,
  DeviceUse,
  MdevProvider,
  Parent,
  ProviderEvent,
  ProviderInfo,
  ProviderStep,
  Users,
} from '../contract.ts';
import { isDeviceID, parseDeviceID } from '../device-id.ts';
import { noParent } from '../no-parent.ts';
import { untilAborted } from '../until-aborted.ts';
import { EventQueue } from '../event-queue.ts';
import { ask, toProviderError, type AskInit } from './ask.ts';
import { createOn } from './create.ts';
import { groupDevices } from './group.ts';
import { removeClaimed } from './remove.ts';
import { toDevice, toParent } from './show.ts';
import { tell, tellUse } from './tell.ts';
import { knownUsers, pinnedByDevice, toUsers } from './uses.ts';

/** What the provider uses of the host: its boot and its bus, and where devices are shown to programs, who uses them and how. */
export type Kernel = Pick<EmulatedHost, 'bootID' | 'bus'> & Partial<Pick<EmulatedHost, 'uses' | 'refusal' | 'socketPath' | 'onUseChanged'>>;

export interface EmulatedProviderInit extends Partial<Pick<AskInit, 'deadline'>>, Omit<AskInit, 'deadline'> {
  readonly host: Kernel;
}

/** The provider of the emulated kernel in this process. `deadline` is 10 s if left out. */
export class EmulatedProvider implements MdevProvider {
  readonly #host: Kernel;
  readonly #askInit: AskInit;
  readonly #over = new AbortController();

  constructor(init: EmulatedProviderInit) {
    this.#host = init.host;
    this.#askInit = { deadline: 10_000, ...init };
  }

  async info(signal: AbortSignal): Promise<ProviderInfo> {
    signal.throwIfAborted();
    return { kind: 'emulated', bootID: this.#host.bootID };
  }

  async listParents(signal: AbortSignal): Promise<readonly Parent[]> {
    signal.throwIfAborted();
    return this.#host.bus
      .parents()
      .map(toParent)
      .sort((a, b) => compare(a.name, b.name));
  }

  async getParent(name: string, signal: AbortSignal): Promise<Parent> {
    signal.throwIfAborted();
    const parent = this.#host.bus.parent(name);
    if (parent === undefined) throw noParent(name, 'list');
    return toParent(parent);
  }

  async listDevices(signal: AbortSignal): Promise<readonly Device[]> {
    signal.throwIfAborted();
    return this.#host.bus
      .devices()
      .map((device) => this.#toDevice(device))
      .sort((a, b) => compare(a.id, b.id));
  }

  async getDevice(id: string, signal: AbortSignal): Promise<Device | undefined> {
    signal.throwIfAborted();
    const device = isDeviceID(id) ? this.#host.bus.device(id.toLowerCase()) : undefined;
    return device === undefined ? undefined : this.#toDevice(device);
  }

  async create(request: CreateRequest, signal: AbortSignal): Promise<Device> {
    const id = parseDeviceID(request.id, 'create');
    if (request.params !== undefined) checkParams(request.params);
    const { bus, bootID } = this.#host;
    if (request.bootID !== undefined && request.bootID !== bootID)
      throw new ProviderError('EIO', 'connect', `Cannot create ${id}: the host rebooted, its boot is ${bootID}`);
    await this.#ask('create', `create ${id}`, () => createOn(bus, { ...request, id }), signal);
    const device = bus.device(id);
    if (device === undefined)
      throw new ProviderError('ENODEV', 'create', `mdev ${id} was created, and removed again before it could be read`);
    return this.#toDevice(device);
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    const known = parseDeviceID(id, 'remove');
    await this.#ask('remove', `remove ${known}`, () => removeClaimed(this.#host.bus, known), signal);
  }

  async setAttribute(id: string, name: string, value: string, signal: AbortSignal): Promise<void> {
    checkAttribute(name, value);
    const { uuid } = this.#live(id, 'attribute');
    await this.#ask('attribute', `write ${name} of ${uuid}`, () => this.#host.bus.writeAttribute(uuid, name, value), signal);
  }

  async readAttributes(id: string, signal: AbortSignal): Promise<readonly Attribute[]> {
    signal.throwIfAborted();
    const { uuid } = this.#live(id, 'attribute');
    try {
      return readableAttributes(this.#host.bus, uuid);
    } catch (cause) {
      throw toProviderError(cause, 'attribute');
    }
  }

  async setOnline(id: string, online: boolean, signal: AbortSignal): Promise<void> {
    const { uuid, parent, online: before } = this.#live(id, 'online');
    if (before === undefined)
      throw new ProviderError('EOPNOTSUPP', 'online', `The driver of parent ${parent} cannot switch devices on and off`);
    await this.#ask('online', `set online of ${uuid}`, () => this.#host.bus.setOnline(uuid, online ? '1' : '0'), signal);
  }

  async setGroup(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const known = ids.map((id) => parseDeviceID(id, 'group'));
    await this.#ask('group', `group ${known.join(' ')}`, () => groupDevices(this.#host.bus, known), signal);
  }

  async users(id: string, signal: AbortSignal): Promise<Users> {
    signal.throwIfAborted();
    const uuid = parseDeviceID(id, 'users');
    const device = this.#host.bus.device(uuid);
    if (device === undefined) throw new ProviderError('ENODEV', 'users', `There is no mdev ${uuid}`);
    const known = knownUsers(this.#host, device);
    const pinned = known.length > 0 ? await untilAborted(pinnedByDevice(this.#host), signal) : undefined;
    return toUsers(this.#host, device, known, pinned);
  }

  async listUses(signal: AbortSignal): Promise<readonly DeviceUse[]> {
    signal.throwIfAborted();
    const pinned = await untilAborted(pinnedByDevice(this.#host), signal);
    return this.#host.bus
      .devices()
      .map((device) => ({ id: device.uuid, ...toUsers(this.#host, device, knownUsers(this.#host, device), pinned) }))
      .filter(({ inUse }) => inUse)
      .sort((a, b) => compare(a.id, b.id));
  }

  async *watch(signal: AbortSignal): AsyncGenerator<ProviderEvent, void, undefined> {
    const queue = new EventQueue();
    queue.push({ kind: 'sync' });
    const unsubscribe = this.#host.bus.uevents.subscribe((uevent) => tell(queue, uevent));
    const unsubscribeUse = this.#host.onUseChanged?.((uuid) => tellUse(queue, uuid, this.#host.bus.device(uuid)?.parent));
    try {
      yield* queue.drain(AbortSignal.any([signal, this.#over.signal]));
    } finally {
      unsubscribe();
      unsubscribeUse?.();
    }
  }

  async close(): Promise<void> {
    this.#over.abort();
  }

  #toDevice(device: DeviceSnapshot): Device {
    return toDevice(device, this.#host.socketPath?.(device.uuid));
  }

  #ask<T>(step: ProviderStep, what: string, operation: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return ask(this.#askInit, step, what, operation, signal);
  }

  /** The device, if it can be used. */
  #live(id: string, step: ProviderStep): DeviceSnapshot {
    const uuid = parseDeviceID(id, step);
    const device = this.#host.bus.device(uuid);
    if (device?.state === 'live') return device;
    throw new ProviderError('ENODEV', step, `There is no usable mdev ${uuid}${device === undefined ? '' : `: it is ${device.state}`}`);
  }
}

/** @throws ProviderError EINVAL for what the driver could not be handed as one text of a page */
function checkParams(params: string): void {
  if (params.includes('\0') || Buffer.byteLength(params) > 4095)
    throw new ProviderError('EINVAL', 'create', 'The params are not a text of at most 4095 bytes');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
