import type { Qtest } from './qtest.ts';

const addressPort = 0xcf8;
const dataPort = 0xcfc;

/** A PCI function on the machine's first bus, by way of the I/O ports of its host bridge. */
export class PCIFunction {
  readonly #qtest: Qtest;
  readonly #slot: number;

  constructor(qtest: Qtest, slot: number) {
    this.#qtest = qtest;
    this.#slot = slot;
  }

  async read(register: number): Promise<number> {
    await this.#select(register);
    return Number(await this.#qtest.command('inl', dataPort));
  }

  async write(register: number, value: number): Promise<void> {
    await this.#select(register);
    await this.#qtest.command('outl', dataPort, value >>> 0);
  }

  /** The size of a BAR and its flags: what of all ones stays. */
  async sizeOf(bar: number): Promise<{ readonly size: number; readonly flags: number }> {
    const register = 0x10 + 4 * bar;
    const before = await this.read(register);
    await this.write(register, 0xffffffff);
    const mask = await this.read(register);
    await this.write(register, before);
    const flags = mask & ((mask & 1) === 1 ? 3 : 0xf);
    return { size: mask === 0 ? 0 : (~(mask & ~flags) >>> 0) + 1, flags };
  }

  async #select(register: number): Promise<void> {
    await this.#qtest.command('outl', addressPort, (0x80000000 | (this.#slot << 11) | register) >>> 0);
  }
}

/** The slot with a function of this vendor and device. @throws Error when there is none */
export async function findFunction(qtest: Qtest, vendor: number, device: number): Promise<PCIFunction> {
  for (let slot = 0; slot < 32; slot++) {
    const found = new PCIFunction(qtest, slot);
    if ((await found.read(0)) === ((device << 16) | vendor) >>> 0) return found;
  }
  throw new Error(`There is no PCI function ${vendor.toString(16)}:${device.toString(16)}`);
}
