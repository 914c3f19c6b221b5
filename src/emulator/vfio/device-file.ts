import { ErrnoError } from '../../lib/errno.ts';
import type { Pinner, Type1 } from '../iommu/type1.ts';
import type { EventTarget } from './event-target.ts';
import { closeAll } from './event-target.ts';
import { deviceInfo, irqInfo } from './info.ts';
import type { SharedMemory } from './model.ts';
import { regionAccess } from './region-access.ts';
import { regionInfo } from './region-info.ts';
import type { Session } from './session.ts';

export type { EventTarget } from './event-target.ts';

/**
 * An open device. Requests and answers are the structs of linux/vfio.h in their binary form, as the argument of an ioctl: `request` is
 * what the user has written there, the answer what it finds there afterwards. All refusals are ErrnoErrors; EBADF: the file is closed.
 */
export class DeviceFile {
  readonly #session: Session;
  readonly #onClose: () => void;
  #closed = false;

  /** `onClose` is called at the first close. */
  constructor(session: Session, onClose: () => void) {
    this.#session = session;
    this.#onClose = onClose;
  }

  /** Where the user's memory is mapped. */
  get dma(): Type1 {
    return this.#session.space.dma;
  }

  get pinner(): Pinner {
    return this.#session.pinner;
  }

  /** VFIO_DEVICE_GET_INFO. EINVAL: argsz too small. */
  info(request: Uint8Array): Uint8Array {
    return deviceInfo(this.#open.model, request);
  }

  /** VFIO_DEVICE_GET_REGION_INFO. EINVAL: argsz too small, or no such region. */
  regionInfo(request: Uint8Array): Uint8Array {
    return regionInfo(this.#open.model.regions, request);
  }

  /** What a user maps of a region; undefined where there is none, or it cannot be mapped. */
  regionMemory(index: number): SharedMemory | undefined {
    return this.#open.model.regions[index]?.mmap?.memory();
  }

  /** VFIO_DEVICE_GET_IRQ_INFO. EINVAL: argsz too small, or no such index. */
  irqInfo(request: Uint8Array): Uint8Array {
    return irqInfo(this.#open.model.irqs, request);
  }

  /**
   * VFIO_DEVICE_SET_IRQS. `targets` are what its DATA_EVENTFD names: they are the file's from then on, and closed when it refuses.
   * EINVAL, ENOTTY: see IRQs.set.
   */
  setIRQs(request: Uint8Array, targets: readonly EventTarget[]): void {
    if (this.#closed) closeAll(targets);
    this.#open.irqs.set(request, targets);
  }

  /** VFIO_DEVICE_RESET: registers as after power-on, interrupt lines low. EINVAL: the device cannot be reset. */
  reset(): void {
    const { model, irqs } = this.#open;
    if (model.reset === undefined) throw new ErrnoError('EINVAL', 'the device cannot be reset');
    irqs.reset();
    model.reset();
  }

  /**
   * Reads from a region, the whole request at once (seed line 28312); returns how many bytes were read. EINVAL: see regionAccess. Else
   * the device's own errno.
   */
  read(region: number, offset: bigint, into: Uint8Array): number {
    const { model } = this.#open;
    if (into.length === 0) return 0;
    const access = regionAccess(model.regions, region, offset, into.length, false);
    return model.read(region, access.offset, into.length === access.length ? into : into.subarray(0, access.length));
  }

  /** As `read`. */
  write(region: number, offset: bigint, from: Uint8Array): number {
    const { model } = this.#open;
    if (from.length === 0) return 0;
    const access = regionAccess(model.regions, region, offset, from.length, true);
    return model.write(region, access.offset, from.length === access.length ? from : from.subarray(0, access.length));
  }

  /** Asks the user to let go of the device. */
  request(): void {
    this.#open.model.request?.();
  }

  /**
   * Closes the file. With the last file of the device its user is told of nothing any more, and its pins are undone. A second call does
   * nothing. @throws what the model throws, after all has been undone
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
  }

  get #open(): Session {
    if (this.#closed) throw new ErrnoError('EBADF', 'the device was closed');
    return this.#session;
  }
}
