import type { Client } from './client.ts';
import { pack } from './client.ts';

/** The region of the copy engine's registers. */
export const bar = 0;
const config = 7;
const commandRegister = 4;

/** Registers of grid devices: see src/emulator/drivers/display/grid.md. */
export const copyEngine = {
  source: 0x100,
  destination: 0x108,
  length: 0x110,
  flags: 0x118,
  doorbell: 0x120,
  status: 0x124,
  error: 0x128,
  release: 0x12c,
  pinnedPages: 0x134,
  /** Lets the device decode memory and be bus master. */
  enable(client: Client): void {
    client.write(config, commandRegister, pack([16, 6]));
  },
} as const;

export function startCopy(client: Client, source: number, destination: number, length: number): void {
  client.setRegister(bar, copyEngine.source, source, 64);
  client.setRegister(bar, copyEngine.destination, destination, 64);
  client.setRegister(bar, copyEngine.length, length, 64);
  client.setRegister(bar, copyEngine.doorbell, 1);
}

/** Waits until the copy is over, answering what the device asks meanwhile; answers the errno, 0 when it was done. */
export function waitForCopy(client: Client): number {
  for (;;) {
    const status = client.register(bar, copyEngine.status);
    if (status !== 1) return client.register(bar, copyEngine.error);
  }
}
