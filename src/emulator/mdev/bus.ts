import type { Clock } from '../../lib/clock.ts';
import { ErrnoError } from '../../lib/errno.ts';
import { createDevice } from './create.ts';
import type { BusDriver, ParentInit } from './driver.ts';
import type { Claim, OpenDevice, OpenGroup } from './handles.ts';
import * as files from './files.ts';
import { Groups } from './groups.ts';
import { claimDevice, openDevice, openGroup } from './open.ts';
import { bindDevice, unbindDevice } from './probe.ts';
import { registerParent, unregisterParent } from './register.ts';
import { removeDevice } from './remove.ts';
import { showDevice, showParent } from './show.ts';
import type { DeviceSnapshot, KernelReport, ParentSnapshot, User } from './snapshot.ts';
import type { Core } from './state.ts';
import { UUIDTable } from './uuid-table.ts';
import { Uevents } from './uevents.ts';

export interface MdevBusInit {
  readonly clock: Clock;
  /** Where waits that last and errors that change nothing are told. */
  readonly report: (report: KernelReport) => void;
  /** How often a lasting wait is reported, in ms; 10 s as in the kernel if left out. */
  readonly reportInterval?: number;
  /** Aborted when the host's power goes: every wait inside then ends with ENODEV. */
  readonly power: AbortSignal;
}

export type { Claim, OpenDevice, OpenGroup } from './handles.ts';
export type { ParentInit } from './driver.ts';

/**
 * The mdev bus: parents, their types, the devices made of them, their IOMMU groups.
 * All refusals are ErrnoError. UUIDs of existing devices are given in lower case, as sysfs names them.
 */
export class MdevBus {
  /** What happens on the bus, in order. */
  readonly uevents = new Uevents();
  readonly #core: Core;

  constructor(init: MdevBusInit) {
    this.#core = {
      clock: init.clock,
      report: init.report,
      reportInterval: init.reportInterval ?? 10_000,
      power: init.power,
      uevents: this.uevents,
      groups: new Groups(),
      parents: new Map(),
      devices: new UUIDTable(),
      busDrivers: new Map(),
    };
  }

  /** Lets `driver` bind to devices made from now on; the first registered that probes well gets them. EEXIST: the name is taken. */
  registerDriver(driver: BusDriver): void {
    if (this.#core.busDrivers.has(driver.name)) throw new ErrnoError('EEXIST', `bus driver ${driver.name} is registered`);
    this.#core.busDrivers.set(driver.name, driver);
  }

  /**
   * Adds a parent with its types, and announces it (`change`, MDEV_STATE=registered). A refused registration leaves nothing.
   * EINVAL: create or remove is missing, or a text does not fit a page. EEXIST: the parent, a type or an attribute is there twice.
   */
  registerParent(init: ParentInit): void {
    registerParent(this.#core, init);
  }

  /**
   * Removes a parent and all its devices. From the call on creates answer ENODEV; creations under way are waited for; a driver's
   * refusal is reported and ignored; open devices are waited for, which is shown as `waitingFor` and reported at every interval.
   * ENOENT: no such parent. ENODEV: it is leaving already, or the power went.
   */
  async unregisterParent(name: string): Promise<void> {
    await unregisterParent(this.#core, name);
  }

  parents(): ParentSnapshot[] {
    return [...this.#core.parents.values()].map(showParent);
  }

  parent(name: string): ParentSnapshot | undefined {
    const parent = this.#core.parents.get(name);
    return parent === undefined ? undefined : showParent(parent);
  }

  /** All devices in any state, in no order. */
  devices(): DeviceSnapshot[] {
    return [...this.#core.devices].map(showDevice);
  }

  device(uuid: string): DeviceSnapshot | undefined {
    const device = this.#core.devices.get(uuid);
    return device === undefined ? undefined : showDevice(device);
  }

  /**
   * Writes `uuidText` to `create` of a type; uevents: add, bind. Resolves when the device is live.
   * ENOENT: no such parent or type. EINVAL: not 36 characters of UUID with at most one newline after (an empty text too: a write of
   * no bytes never gets here). EEXIST: the UUID exists on any parent, in any state. ENODEV: the parent is leaving. Else what the
   * driver answers, such as ENOSPC; then all is undone, and `remove` announced.
   * @returns the UUID in lower case
   */
  async create(parent: string, typeID: string, uuidText: string, params?: string): Promise<string> {
    return createDevice(this.#core, parent, typeID, uuidText, params);
  }

  /**
   * Removes a device; uevents: unbind, remove. An open device is waited for, or answers EBUSY, by its parent's `removeWhileOpen`;
   * the wait shows as state `removing`, is reported at every interval and cannot be called off.
   * ENOENT: no such device, or being removed by another (a leaving parent too). EAGAIN: being created; nothing changes. ENODEV: the
   * power went during the wait. Else what the driver refuses with; the device is then as it was.
   */
  async remove(uuid: string): Promise<void> {
    await removeDevice(this.#core, uuid);
  }

  /**
   * Writes to `online`: exactly `0` or `1`, at most one newline after. The uevent follows success; no change, no uevent.
   * ENOENT: no such device, or not live. EOPNOTSUPP: the driver has no such operation. EINVAL: other text. EBUSY: going offline while open.
   */
  async setOnline(uuid: string, text: string): Promise<void> {
    await files.setOnline(this.#core, uuid, text);
  }

  /** The device's vendor attributes and peer_to_peer_resource_uuid. ENOENT: no such device, or not live. */
  attributeNames(uuid: string): string[] {
    return files.attributeNames(this.#core, uuid);
  }

  /** The value without newline, cut to a page. ENOENT: no such device or attribute. EACCES: write-only. */
  readAttribute(uuid: string, name: string): string {
    return files.readAttribute(this.#core, uuid, name);
  }

  /** ENOENT: no such device or attribute. EACCES: read-only. E2BIG: more than 4096 bytes. Else the driver's own errno. */
  async writeAttribute(uuid: string, name: string, text: string): Promise<void> {
    await files.writeAttribute(this.#core, uuid, name, text);
  }

  /** As readAttribute, of a parent. */
  readParentAttribute(parent: string, name: string): string {
    return files.readParentAttribute(this.#core, parent, name);
  }

  /** As writeAttribute, of a parent. */
  async writeParentAttribute(parent: string, name: string, text: string): Promise<void> {
    await files.writeParentAttribute(this.#core, parent, name, text);
  }

  /**
   * Opens the device as the process `user`. The first open commits the driver's resources. One process at a time has a group: it may
   * open its devices, each any number of times. ENOENT: no such device. ENODEV: not live, or no driver bound. EBUSY: another process
   * has the group, or it is claimed. Else the driver's errno.
   */
  async open(uuid: string, user: User): Promise<OpenDevice> {
    return openDevice(this.#core, uuid, user);
  }

  /**
   * Opens the file of an IOMMU group, /dev/vfio/<number>, as the process `user`: it has the group then, and nobody else can open it or
   * its devices, or claim it. That keeps no device from being removed; `onGone` is called when the last one is, and the number stays
   * taken until the release. ENOENT: no such group. EBUSY: it or one of its devices is open, by `user` itself too, or it is claimed.
   */
  openGroup(number: number, user: User, onGone: () => void): OpenGroup {
    return openGroup(this.#core, number, user, onGone);
  }

  /**
   * Takes the device's group so that nobody can open any device of it; `remove` works meanwhile. It is the one proof that a device is not in use.
   * ENOENT: no such device. ENODEV: not live, or no driver bound (then nobody can open it anyway). EBUSY: the group is open or claimed.
   */
  claim(uuid: string): Claim {
    return claimDevice(this.#core, uuid);
  }

  /** Has the bus drivers probe a device that has none. ENOENT: no such device, or not live. EBUSY: a driver is bound. ENODEV: none took it. */
  async bind(uuid: string): Promise<void> {
    await bindDevice(this.#core, uuid);
  }

  /** Takes the bus driver, and with it the group, off a device, which goes on to exist. ENODEV: none is bound. EBUSY: the group is open or claimed. */
  async unbind(uuid: string): Promise<void> {
    await unbindDevice(this.#core, uuid);
  }
}
