import { ErrnoError } from '../../lib/errno.ts';
import type { MdevBus, OpenGroup } from '../mdev/bus.ts';
import { vfioMdev } from '../mdev/driver.ts';
import type { DMAGroup } from '../iommu/type1.ts';
import type { AddressSpace } from './address-space.ts';
import { argumentSize } from './argument.ts';
import type { Container } from './container.ts';
import type { LimitRefusal, VfioDevice } from './device.ts';
import type { DeviceFile } from './device-file.ts';
import { groupFlags, sizes, view } from './uapi.ts';

/** What a group's devices are and do, from outside. */
export interface GroupInit {
  readonly bus: MdevBus;
  /** The VFIO side of a device that is bound to vfio_mdev, if there is one. */
  readonly deviceOf: (uuid: string) => VfioDevice | undefined;
  /** The readable vendor attributes of a live device. */
  readonly attributesOf: (uuid: string) => Readonly<Record<string, string>>;
  /** See DeviceUser.run. */
  readonly run: (work: () => Promise<void>) => void;
  /** Pins of the device changed by its own doing. */
  readonly onPins?: (uuid: string) => void;
  /** A limit refused a pin of the device. */
  readonly onLimit?: (uuid: string, refusal: LimitRefusal) => void;
}

/** A device opened through its group. Its file is closed by `close`, which resolves when the parent driver is done with it too. */
export interface GroupDevice extends AsyncDisposable {
  readonly file: Omit<DeviceFile, 'close'>;
  /** A second call does nothing. @throws what the model throws, after all has been undone */
  close(): Promise<void>;
}

/**
 * An open /dev/vfio/<number> (drivers/vfio/group.c). It is let go, and detached from its container, when it and all devices that were
 * opened through it are closed, in whatever order; until then nobody else can open it. All refusals are ErrnoErrors; EBADF: the file is
 * closed.
 */
export class GroupFile {
  readonly #handle: OpenGroup;
  readonly #init: GroupInit;
  readonly #dmaGroup: DMAGroup = { kind: 'local' };
  #container: Container | undefined;
  /** Devices that are open, being opened or being closed. */
  #devices = 0;
  /** All devices of the group have been removed. */
  #gone = false;
  #closed = false;

  /** `handle` is the file's from here on; whoever opened it tells the file when its last device is gone. */
  constructor(handle: OpenGroup, init: GroupInit) {
    this.#handle = handle;
    this.#init = init;
  }

  get number(): number {
    return this.#handle.number;
  }

  /** The last device of the group was removed: nothing can be done with it any more but close it. */
  gone(): void {
    this.#gone = true;
    this.#detach();
  }

  /** VFIO_GROUP_GET_STATUS, struct vfio_group_status. EINVAL: argsz too small. ENODEV: the group is gone. */
  getStatus(request: Uint8Array): Uint8Array {
    this.#refuseClosed();
    argumentSize(request, sizes.groupStatus, 'vfio_group_status');
    this.#refuseGone();
    const answer = request.slice(0, sizes.groupStatus);
    const flags = (this.#isViable ? groupFlags.viable : 0) | (this.#container === undefined ? 0 : groupFlags.containerSet);
    view(answer).setUint32(4, flags, true);
    return answer;
  }

  /**
   * VFIO_GROUP_SET_CONTAINER.
   * @throws ErrnoError EINVAL it has one; ENODEV the group is gone; EPERM a device of the group has another driver than vfio's; what the
   * container refuses with
   */
  setContainer(container: Container): void {
    this.#refuseClosed();
    if (this.#container !== undefined) throw new ErrnoError('EINVAL', `group ${this.number} is attached to a container`);
    this.#refuseGone();
    if (!this.#isViable) throw new ErrnoError('EPERM', `group ${this.number} is not viable: not all of its devices are bound to vfio`);
    container.attach(this.#dmaGroup);
    this.#container = container;
  }

  /** VFIO_GROUP_UNSET_CONTAINER. EINVAL: it has none. EBUSY: devices are open. */
  unsetContainer(): void {
    this.#refuseClosed();
    if (this.#container === undefined) throw new ErrnoError('EINVAL', `group ${this.number} is attached to no container`);
    if (this.#devices > 0) throw new ErrnoError('EBUSY', `${this.#devices} devices of group ${this.number} are open`);
    this.#detach();
  }

  /**
   * VFIO_GROUP_GET_DEVICE_FD. A device can be opened several times.
   * @throws ErrnoError ENODEV the group has no such device (names are UUIDs in lower case), or it is not live; EINVAL the group has no
   * container, or that no IOMMU, or the group is not viable any more; else what the parent driver or the model refuse with
   */
  async getDevice(name: string): Promise<GroupDevice> {
    this.#refuseClosed();
    const device = this.#find(name);
    if (device === undefined) throw new ErrnoError('ENODEV', `group ${this.number} has no device ${name}`);
    const space = this.#container?.space;
    if (space === undefined) throw new ErrnoError('EINVAL', `group ${this.number} has no container with an IOMMU`);
    if (!this.#isViable) throw new ErrnoError('EINVAL', `group ${this.number} is not viable: not all of its devices are bound to vfio`);
    this.#devices++;
    try {
      return await this.#openDevice(device, space);
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  /** Closes the file; devices that are open stay so, and the group with them. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#devices === 0) this.#release();
  }

  async #openDevice(device: VfioDevice, space: AddressSpace): Promise<GroupDevice> {
    const { bus, attributesOf, run, onPins, onLimit } = this.#init;
    const { uuid } = device;
    const hold = await bus.open(uuid, this.#handle.user);
    let file: DeviceFile;
    try {
      file = device.openIn(space, {
        attributes: attributesOf(uuid),
        run,
        onPins: () => onPins?.(uuid),
        onLimit: (refusal) => onLimit?.(uuid, refusal),
      });
    } catch (error) {
      await hold.release();
      throw error;
    }
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      try {
        file.close();
      } finally {
        await hold.release().finally(() => {
          this.#leave();
        });
      }
    };
    const closeOnce = (): Promise<void> => (closing ??= close());
    return { file, close: closeOnce, [Symbol.asyncDispose]: closeOnce };
  }

  /** The device of this name in the group, if it can be opened. */
  #find(name: string): VfioDevice | undefined {
    const { bus, deviceOf } = this.#init;
    const device = bus.device(name);
    const isOurs = !this.#gone && device?.uuid === name && device.group === this.number && device.state === 'live';
    return isOurs ? deviceOf(name) : undefined;
  }

  /** Undoes the counting of a device; with the last one a closed file is let go. */
  #leave(): void {
    this.#devices--;
    if (this.#closed && this.#devices === 0) this.#release();
  }

  #release(): void {
    this.#detach();
    this.#handle.release();
  }

  #detach(): void {
    const container = this.#container;
    this.#container = undefined;
    container?.detach(this.#dmaGroup);
  }

  /** Whether all devices of the group are vfio's. */
  get #isViable(): boolean {
    return this.#init.bus.devices().every(({ group, busDriver }) => group !== this.number || busDriver === vfioMdev.name);
  }

  #refuseGone(): void {
    if (this.#gone) throw new ErrnoError('ENODEV', `all devices of group ${this.number} are gone`);
  }

  #refuseClosed(): void {
    if (this.#closed) throw new ErrnoError('EBADF', `the file of group ${this.number} was closed`);
  }
}
