import type { DeviceModel } from '../../vfio/model.ts';

/** Reads a little-endian number of 1 to 6 bytes. */
export function readNumber(model: DeviceModel, region: number, offset: number, size: number): number {
  return Buffer.from(readBytes(model, region, offset, size)).readUIntLE(0, size);
}

/** Writes a little-endian number of 1 to 6 bytes. */
export function writeNumber(model: DeviceModel, region: number, offset: number, size: number, value: number): void {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, size);
  writeBytes(model, region, offset, bytes);
}

export function readBytes(model: DeviceModel, region: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const done = model.read(region, offset, bytes);
  if (done !== length) throw new Error(`read ${done} of ${length} bytes`);
  return bytes;
}

export function writeBytes(model: DeviceModel, region: number, offset: number, bytes: Uint8Array): void {
  const done = model.write(region, offset, bytes);
  if (done !== bytes.length) throw new Error(`wrote ${done} of ${bytes.length} bytes`);
}
