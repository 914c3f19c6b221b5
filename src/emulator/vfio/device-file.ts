import { ErrnoError } from '../../lib/errno.ts';
import type { Pinner, Type1 } from '../iommu/type1.ts';
import { ModelUser } from './device-user.ts';
import { deviceInfo, irqInfo, regionInfo } from './info.ts';
import { readIRQSet } from './irq-set.ts';
import type { EventTarget } from './irqs.ts';
import { IRQs } from './irqs.ts';
import type { DeviceModel, SharedMemory } from './model.ts';
import { regionAccess } from './region-access.ts';

export type { EventTarget } from './irqs.ts';

export interface DeviceFileInit {
  readonly model: DeviceModel;
  /** Where the user's memory is mapped. */
  readonly dma: Type1;
  readonly attributes: Readonly<Record<string, string>>;
  /** See DeviceUser.run. */
  readonly run: (work: () => Promise<void>) => void;
  /** Called after the device's pins have changed. */
  readonly onPins?: () => void;
  /** Called once, when the file is closed. */
  readonly onClose: () => void;
}

/**
 * An open device. Requests and answers are the structs of linux/vfio.h in their binary form, as the argument of an ioctl: `request` is
 * what the user has written there, the answer what it finds there afterwards. All refusals are ErrnoErrors.
 */
export class DeviceFile {
  readonly dma: Type1;
  readonly pinner: Pinner;
  readonly #init: DeviceFileInit;
  readonly #irqs: IRQs;
  readonly #user: ModelUser;
  #closed = false;

  /** Not usable before `openModel`. */
  constructor(init: DeviceFileInit) {
    const { model, dma, attributes, run, onPins } = init;
    this.#init = init;
    this.dma = dma;
    this.pinner = dma.addPinner(
      model.dmaUnmap === undefined
        ? undefined
        : (iova, size) => {
            model.dmaUnmap?.(iova, size);
          },
    );
    this.#irqs = new IRQs(model.irqs);
    this.#user = new ModelUser({ attributes, irqs: this.#irqs, dma, pinner: this.pinner, run, onPins });
  }

  /** Hands the device to its user. @throws what the model refuses with; the file is closed then */
  openModel(): void {
    try {
      this.#init.model.open(this.#user);
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /** VFIO_DEVICE_GET_INFO. EINVAL: argsz too small. */
  info(request: Uint8Array): Uint8Array {
    return deviceInfo(this.#model, request);
  }

  /** VFIO_DEVICE_GET_REGION_INFO. EINVAL: argsz too small, or no such region. */
  regionInfo(request: Uint8Array): Uint8Array {
    return regionInfo(this.#model.regions, request);
  }

  /** What a user maps of a region; undefined where it cannot be mapped. */
  regionMemory(index: number): SharedMemory | undefined {
    return this.#model.regions[index]?.mmap?.memory();
  }

  /** VFIO_DEVICE_GET_IRQ_INFO. EINVAL: argsz too small, or no such index. */
  irqInfo(request: Uint8Array): Uint8Array {
    return irqInfo(this.#model.irqs, request);
  }

  /**
   * VFIO_DEVICE_SET_IRQS. `targets` are what its DATA_EVENTFD names: they are the file's from then on, and closed when it refuses.
   * EINVAL, ENOTTY: see readIRQSet and IRQs.set.
   */
  setIRQs(request: Uint8Array, targets: readonly EventTarget[]): void {
    try {
      const set = readIRQSet(this.#model.irqs, request, true);
      this.#irqs.set(set, targets);
    } catch (error) {
      for (const target of targets) target.close();
      throw error;
    }
  }

  /** VFIO_DEVICE_RESET: registers as after power-on, interrupt lines low. ENOTTY: the device has none. */
  reset(): void {
    const { reset } = this.#model;
    if (reset === undefined) throw new ErrnoError('ENOTTY', 'the device cannot be reset');
    reset();
    this.#irqs.lower();
    this.#init.onPins?.();
  }

  /** Reads from a region, the whole request at once; returns how many bytes were read. EINVAL: see regionAccess. Else the driver's errno. */
  read(region: number, offset: bigint, into: Uint8Array): number {
    if (into.length === 0) return 0;
    const access = regionAccess(this.#model.regions, region, offset, into.length, false);
    return this.#model.read(region, access.offset, into.length === access.length ? into : into.subarray(0, access.length));
  }

  /** As `read`. */
  write(region: number, offset: bigint, from: Uint8Array): number {
    if (from.length === 0) return 0;
    const access = regionAccess(this.#model.regions, region, offset, from.length, true);
    return this.#model.write(region, access.offset, from.length === access.length ? from : from.subarray(0, access.length));
  }

  /** Asks the user to let go of the device. */
  request(): void {
    this.#model.request?.();
  }

  /** Closes the device: its pins are undone, its user is told of nothing any more. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    try {
      this.#model.close();
    } finally {
      this.#end();
    }
  }

  get #model(): DeviceModel {
    if (this.#closed) throw new ErrnoError('ENODEV', 'the device was closed');
    return this.#init.model;
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#user.close();
    this.#irqs[Symbol.dispose]();
    this.pinner.release();
    this.#init.onClose();
  }
}
