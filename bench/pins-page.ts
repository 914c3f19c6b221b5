import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pinner } from '../src/emulator/iommu/pinner.ts';
import type { Task } from '../src/emulator/iommu/task.ts';
import { mapped, memlocked } from './pins-container.ts';
import type { BenchResult } from './result.ts';
import { atLeast, compare, median } from './result.ts';

const pages = 1_000_000;
const batch = 512;
const rounds = 9;
const repeats = 3;
const firstPfn = 0x100000;

type Order = 'in-order' | 'random';

/**
 * `pins.page`: the time to pin and unpin a page, a million of them in calls of 512, beside the same work in C (bench/c/pins.c): with a
 * node per page in a red-black tree as the kernel has it, and with a flat array of counts, the floor. All take turns.
 */
export function pinsPage(): BenchResult[] {
  const folder = mkdtempSync(join(tmpdir(), 'mdev-bench-'));
  try {
    const peer = join(folder, 'pins');
    execFileSync('gcc', ['-O2', '-o', peer, fileURLToPath(new URL('./c/pins.c', import.meta.url))]);
    return (['in-order', 'random'] as const).flatMap((order) => measure(peer, order));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function measure(peer: string, order: Order): BenchResult[] {
  const pfns = pageNumbers(order);
  const task = memlocked(pages);
  const pinner = mapped(task, firstPfn, pages);
  // The compiler needs some rounds to know the code.
  for (let round = 0; round < 8; round++) pinAndUnpin(pinner, pfns, task);
  const times = { ours: [] as number[], tree: [] as number[], array: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(lastOf(() => pinAndUnpin(pinner, pfns, task)));
    times.array.push(peerTime(peer, 'array', order));
    times.tree.push(peerTime(peer, 'tree', order));
  }
  const ours = median(times.ours);
  return [
    atLeast(`pins.page.${order}.tree`, ours, 'ns', median(times.tree), 10),
    compare(`pins.page.${order}.floor`, ours, 'ns', median(times.array), 4),
  ];
}

function pageNumbers(order: Order): Float64Array {
  const pfns = Float64Array.from({ length: pages }, (_, index) => firstPfn + index);
  if (order === 'in-order') return pfns;
  let seed = 2463534242;
  for (let index = pages - 1; index > 0; index--) {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    const other = (seed >>> 0) % (index + 1);
    [pfns[index], pfns[other]] = [pfns[other] ?? 0, pfns[index] ?? 0];
  }
  return pfns;
}

/** Nanoseconds a page. */
function pinAndUnpin(pinner: Pinner, pfns: Float64Array, task: Task): number {
  const calls = Array.from({ length: Math.ceil(pages / batch) }, (_, call) => pfns.subarray(call * batch, (call + 1) * batch));
  const hostPfns = new Float64Array(batch);
  const start = performance.now();
  for (const call of calls) pinner.pin(call, call.length, true, hostPfns);
  const locked: number = task.locked.pages;
  if (locked !== pages) throw new Error(`${locked} pages are locked`);
  for (const call of calls) pinner.unpin(call, call.length);
  const time = performance.now() - start;
  if (task.locked.pages !== 0) throw new Error(`${task.locked.pages} pages are left locked`);
  return (time * 1e6) / pages;
}

/** The last of some measurements in a row: the first ones find what others left in the caches. */
function lastOf(measure: () => number): number {
  let last = 0;
  for (let count = 0; count < repeats; count++) last = measure();
  return last;
}

function peerTime(peer: string, how: 'tree' | 'array', order: Order): number {
  const output = execFileSync(peer, [how, order, String(pages), how === 'tree' ? '1' : String(repeats)], { encoding: 'utf8' });
  return Number(output.trim().split('\n').at(-1));
}
