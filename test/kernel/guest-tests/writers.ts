import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { parseOrderTitle } from '../../../src/provider/sysfs/writer/order.ts';

/** A writer process, of whichever agent, that carries out an order about a device. */
export interface BusyWriter {
  readonly pid: string;
  readonly kind: string;
  /** One letter, as /proc has it: D where no signal is heard. */
  readonly state: string;
  /** The signals that it was sent and has not heard, in hex: none are 0. */
  readonly pending: string;
}

/** The text of a file of a process; empty where the process is gone. */
function procFile(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** The writers that are at something about the device. */
export function writersOf(id: string): BusyWriter[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const order = parseOrderTitle(procFile(pid, 'cmdline'));
    if (order?.id !== id) return [];
    const status = procFile(pid, 'status');
    const field = (name: string): string => new RegExp(`^${name}:\\s+(\\w+)`, 'm').exec(status)?.[1] ?? '';
    const pending = BigInt(`0x${field('SigPnd') || '0'}`) | BigInt(`0x${field('ShdPnd') || '0'}`);
    return [{ pid, kind: order.kind, state: field('State'), pending: pending.toString(16) }];
  });
}

/** Waits until a writer hangs in the kernel with the device, and answers it. */
export async function hangingWriter(id: string, kind: string): Promise<BusyWriter> {
  const found = (): BusyWriter | undefined => writersOf(id).find((writer) => writer.kind === kind && writer.state === 'D');
  await expect.poll(found, { timeout: 100_000, interval: 100 }).toBeDefined();
  const writer = found();
  if (writer === undefined) throw new Error(`No writer hangs in ${kind} of ${id} any more`);
  return writer;
}
