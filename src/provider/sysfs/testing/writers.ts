import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isBusyWriter, writerTitle } from '../writer/order.ts';

/** The writer processes of this process: their pids. */
export function writers(): number[] {
  return childrenNamed((cmdline) => cmdline.startsWith(writerTitle));
}

/** Those that say that they are at something. */
export function busyWriters(): number[] {
  return childrenNamed(isBusyWriter);
}

function childrenNamed(isMeant: (cmdline: string) => boolean): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isChild(join('/proc', name), isMeant))
    .map(Number);
}

function isChild(folder: string, isMeant: (cmdline: string) => boolean): boolean {
  try {
    const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(join(folder, 'status'), 'utf8'))?.[1];
    return Number(parent) === process.pid && isMeant(readFileSync(join(folder, 'cmdline'), 'utf8'));
  } catch {
    // It has ended meanwhile.
    return false;
  }
}
