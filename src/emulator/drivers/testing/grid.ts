import type { DeviceModel } from '../../vfio/model.ts';
import { gridRegister, gridStatus } from '../display/grid-registers.ts';
import { gridModel } from '../display/grid-model.ts';
import { readNumber, writeBytes, writeNumber } from './access.ts';
import { MemoryUser } from './device-user.ts';
import { MemoryServices } from './services.ts';

/** What software writes for a copy. */
export interface CopyRequest {
  readonly source: number | bigint;
  readonly destination: number | bigint;
  readonly length: number | bigint;
  readonly flags?: number;
}

const commandOffset = 4;
const configRegion = 7;

/** A grid device of 4 MiB with its user and the hands of a driver, which has enabled bus mastering and both interrupts. */
export class GridRig {
  readonly services: MemoryServices;
  readonly model: DeviceModel;
  readonly user: MemoryUser;
  readonly framebufferSize = 4 << 20;

  /** `limit`: pages that may be pinned. `sharedMemory`: bytes that there are. */
  constructor(init: { readonly limit?: number; readonly sharedMemory?: number } = {}) {
    this.services = new MemoryServices(init.sharedMemory === undefined ? {} : { limit: init.sharedMemory });
    this.model = gridModel(
      {
        vendorID: 0x10de,
        deviceID: 0x13f2,
        apertureBytes: this.framebufferSize,
        heads: 2,
        maxWidth: 2560,
        maxHeight: 1600,
        frameRateLimit: 45,
      },
      this.services,
    );
    this.user = new MemoryUser(init.limit === undefined ? {} : { limit: init.limit });
    this.user.open(this.model);
    this.setCommand(6);
    this.write(gridRegister.interruptEnable, 3);
  }

  setCommand(bits: number): void {
    writeNumber(this.model, configRegion, commandOffset, 2, bits);
  }

  read(register: number): number {
    return readNumber(this.model, 0, register, 4);
  }

  write(register: number, value: number): void {
    writeNumber(this.model, 0, register, 4, value);
  }

  writeLong(register: number, value: number | bigint): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    writeBytes(this.model, 0, register, bytes);
  }

  /** Rings the doorbell, and waits for nothing. */
  start({ source, destination, length, flags = 0 }: CopyRequest): void {
    this.writeLong(gridRegister.source, source);
    this.writeLong(gridRegister.destination, destination);
    this.writeLong(gridRegister.length, length);
    this.write(gridRegister.flags, flags);
    this.write(gridRegister.doorbell, 1);
  }

  /** Starts a copy and waits until it has ended; returns STATUS and ERROR. */
  async copy(request: CopyRequest): Promise<[number, number]> {
    this.start(request);
    await this.user.settle();
    const result = this.result();
    if (result[0] === gridStatus.busy) throw new Error('the copy is still under way, and no work is left');
    return result;
  }

  result(): [number, number] {
    return [this.read(gridRegister.status), this.read(gridRegister.error)];
  }
}
