import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
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
import { EventQueue } from '../event-queue.ts';
import { readAttributes } from './attributes.ts';
import { Changes } from './changes.ts';
import { readDevice, readDevices } from './devices.ts';
import { asStep, exists, readText } from './files.ts';
import { deviceFolder, isEntryName, sysfsLayout, type SysfsLayout } from './layout.ts';
import { Orders } from './orders.ts';
import { parentNames, readParent } from './parents.ts';
import { noParent } from '../no-parent.ts';
import { HolderScans } from './proc/holder-scans.ts';
import { usersOf, usesOf } from './users.ts';
import { startWatching } from './watch.ts';

export interface SysfsProviderInit {
  /** `/` on a real node; elsewhere where its /sys, /dev and /proc are. */
  readonly root: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long the kernel may take to answer a write before it is told of as blocked, ms; 10 s if left out. */
  readonly deadline?: number;
  /** How often everything is looked at anew where uevents cannot be heard, ms; 5 s if left out. */
  readonly relist?: number;
}

/**
 * The real kernel's mdevs: read in sysfs, changed by writer processes (`changes.ts`), because a write may never return.
 * What a kernel's mdev lacks: params, switching on and off, groups of several devices.
 */
export class SysfsProvider implements MdevProvider {
  readonly #layout: SysfsLayout;
  readonly #orders: Orders;
  readonly #changes: Changes;
  readonly #init: SysfsProviderInit;
  readonly #over = new AbortController();
  readonly #holders: HolderScans;
  #bootID: string | undefined;
  /** Queues of those who watch. */
  readonly #queues = new Set<EventQueue>();

  constructor(init: SysfsProviderInit) {
    const { root, clock, log, deadline = 10_000 } = init;
    this.#init = init;
    this.#layout = sysfsLayout(root);
    this.#orders = new Orders(this.#layout, clock);
    this.#holders = new HolderScans(this.#layout);
    this.#changes = new Changes({
      layout: this.#layout,
      orders: this.#orders,
      clock,
      log,
      deadline,
      onLate: (id, parent) => this.#tell(id, parent),
    });
  }

  async info(signal: AbortSignal): Promise<ProviderInfo> {
    signal.throwIfAborted();
    // No process sees two boots.
    this.#bootID ??= await asStep('connect', 'read the boot ID', () => readText(join(this.#layout.proc, 'sys/kernel/random/boot_id')));
    if (this.#bootID === undefined) throw new ProviderError('EIO', 'connect', `There is no boot ID below ${this.#layout.proc}`);
    return { kind: 'sysfs', bootID: this.#bootID };
  }

  async listParents(signal: AbortSignal): Promise<readonly Parent[]> {
    return this.#read('list', 'read the mdev parents', signal, async () => {
      const parents = await Promise.all((await parentNames(this.#layout)).map((name) => readParent(this.#layout, name)));
      return parents.filter((parent) => parent !== undefined);
    });
  }

  async getParent(name: string, signal: AbortSignal): Promise<Parent> {
    const parent = await this.#read('list', `read mdev parent ${name}`, signal, () => readParent(this.#layout, name));
    if (parent === undefined) throw noParent(name, 'list');
    return parent;
  }

  async listDevices(signal: AbortSignal): Promise<readonly Device[]> {
    const devices = await this.#read('list', 'read the mdevs', signal, async () => readDevices(this.#layout, await this.#orders.all()));
    this.#changes.keepOnly(devices);
    return devices;
  }

  async getDevice(id: string, signal: AbortSignal): Promise<Device | undefined> {
    if (!isDeviceID(id)) return undefined;
    const uuid = id.toLowerCase();
    return this.#read('list', `read mdev ${uuid}`, signal, async () => readDevice(this.#layout, uuid, await this.#orders.of(uuid)));
  }

  async create(request: CreateRequest, signal: AbortSignal): Promise<Device> {
    const id = parseDeviceID(request.id, 'create');
    const { parent, typeID, params } = request;
    if (params !== undefined)
      throw new ProviderError('EOPNOTSUPP', 'create', `Drivers of this kernel, as that of parent ${parent}, take no params`);
    if (request.bootID !== undefined) {
      const { bootID } = await this.info(signal);
      if (bootID !== request.bootID)
        throw new ProviderError('EIO', 'connect', `Cannot create ${id}: the node rebooted, its boot is ${bootID}`);
    }
    if (!isEntryName(parent)) throw noParent(parent, 'create');
    if (!isEntryName(typeID))
      throw new ProviderError('ENOENT', 'create', `Parent ${parent} has no type ${JSON.stringify(typeID.slice(0, 255))}`);
    const device = (await this.#createOn(parent, { id, parent, typeID }, signal)) ?? (await this.getDevice(id, signal));
    if (device === undefined)
      throw new ProviderError('ENODEV', 'create', `mdev ${id} was created, and removed again before it could be read`);
    return device;
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    const uuid = parseDeviceID(id, 'remove');
    if (await this.#changes.removeKnown(uuid, signal)) return;
    const device = await this.getDevice(uuid, signal);
    if (device === undefined) throw new ProviderError('ENOENT', 'remove', `There is no mdev ${uuid}`);
    await this.#changes.remove(device, signal);
  }

  async setAttribute(id: string, name: string, value: string, signal: AbortSignal): Promise<void> {
    checkAttribute(name, value);
    const device = await this.#live(id, 'attribute', signal);
    await this.#changes.setAttribute(device, name, value, signal);
  }

  async readAttributes(id: string, signal: AbortSignal): Promise<readonly Attribute[]> {
    const { id: uuid, parent } = await this.#live(id, 'attribute', signal);
    return this.#read('attribute', `read the attributes of ${uuid}`, signal, () =>
      readAttributes(deviceFolder(this.#layout, parent, uuid)),
    );
  }

  async setOnline(id: string, _online: boolean, signal: AbortSignal): Promise<void> {
    const { parent } = await this.#live(id, 'online', signal);
    throw new ProviderError(
      'EOPNOTSUPP',
      'online',
      `Drivers of this kernel, as that of parent ${parent}, cannot switch devices on and off`,
    );
  }

  async setGroup(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const devices = [];
    for (const id of ids) devices.push(await this.#live(id, 'group', signal));
    throw new ProviderError(
      'EOPNOTSUPP',
      'group',
      `This kernel puts every mdev into a group of its own, as those of parent ${devices[0]?.parent ?? '?'}`,
    );
  }

  async users(id: string, signal: AbortSignal): Promise<Users> {
    const uuid = parseDeviceID(id, 'users');
    const device = await this.getDevice(uuid, signal);
    if (device === undefined) throw new ProviderError('ENODEV', 'users', `There is no mdev ${uuid}`);
    const proven = await this.#changes.isClaimRefused(device, signal);
    return this.#read('users', `look who uses ${uuid}`, signal, async () =>
      usersOf(this.#layout, device, await this.#holders.scan(), proven),
    );
  }

  async listUses(signal: AbortSignal): Promise<readonly DeviceUse[]> {
    const devices = await this.listDevices(signal);
    return this.#read('users', 'look who uses the devices', signal, async () =>
      devices.length === 0 ? [] : usesOf(this.#layout, devices, await this.#holders.scan()),
    );
  }

  async *watch(signal: AbortSignal): AsyncGenerator<ProviderEvent, void, undefined> {
    const queue = new EventQueue();
    const until = AbortSignal.any([signal, this.#over.signal]);
    const { clock, log, relist = 5_000 } = this.#init;
    // Before `sync`: whoever reads after it sees what ended earlier.
    const inherited = await this.#orders.inherited();
    const listener = await startWatching({ layout: this.#layout, clock, log, relist }, queue, until);
    // That it has answered somebody who is no more, the kernel does not say.
    this.#orders
      .untilEnded(inherited, ({ id, parent }) => tell(queue, id, parent), until)
      .catch((err: unknown) => {
        if (!until.aborted) log.error({ err }, 'what earlier agents told the kernel is no longer followed');
      });
    this.#queues.add(queue);
    queue.push({ kind: 'sync' });
    try {
      yield* queue.drain(until);
    } finally {
      this.#queues.delete(queue);
      await listener?.[Symbol.asyncDispose]();
    }
  }

  async close(): Promise<void> {
    this.#over.abort();
    this.#changes.close();
  }

  /** A type that is not there is a path that is not there, as is a parent; which of them, is looked at only then. */
  async #createOn(
    parent: string,
    request: { id: string; parent: string; typeID: string },
    signal: AbortSignal,
  ): Promise<Device | undefined> {
    try {
      return await this.#changes.create(request, signal);
    } catch (error) {
      const missing = error instanceof ProviderError && error.code === 'ENOENT';
      if (missing && !(await exists(join(this.#layout.parents, parent)))) throw noParent(parent, 'create', { cause: error });
      throw error;
    }
  }

  #tell(id: string, parent: string): void {
    for (const queue of this.#queues) tell(queue, id, parent);
  }

  async #read<T>(step: ProviderStep, what: string, signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const value = await asStep(step, what, read);
    signal.throwIfAborted();
    return value;
  }

  /** The device, if it can be used. */
  async #live(id: string, step: ProviderStep, signal: AbortSignal): Promise<Device> {
    const uuid = parseDeviceID(id, step);
    const device = await this.getDevice(uuid, signal);
    if (device?.state === 'live') return device;
    throw new ProviderError('ENODEV', step, `There is no usable mdev ${uuid}${device === undefined ? '' : `: it is ${device.state}`}`);
  }
}

/** The device, and with it its parent's counts, may have changed. */
function tell(queue: EventQueue, id: string, parent: string): void {
  queue.push({ kind: 'device', id, parent });
  queue.push({ kind: 'parent', parent });
}
