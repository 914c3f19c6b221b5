import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BenchResult } from './result.ts';
import { bound } from './result.ts';

const mebibyte = 2 ** 20;

/** `pins.memory`: bytes a pinned page where a million follow each other, and the MiB of a page in each GiB of a TiB; each in a process of its own. */
export function pinsMemory(): BenchResult[] {
  const dense = measure('dense');
  const sparse = measure('sparse');
  return [
    bound('pins.memory.page', dense.held / 1_000_000, 'bytes', 8),
    bound('pins.memory.page.resident', dense.resident / 1_000_000, 'bytes', 8),
    bound('pins.memory.sparse', sparse.held / mebibyte, 'MiB', 4),
    bound('pins.memory.sparse.resident', sparse.resident / mebibyte, 'MiB', 4),
  ];
}

function measure(how: 'dense' | 'sparse'): { readonly held: number; readonly resident: number } {
  const child = fileURLToPath(new URL('./pins-memory-child.ts', import.meta.url));
  const output = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', child, how], { encoding: 'utf8' });
  return JSON.parse(output) as { held: number; resident: number };
}
