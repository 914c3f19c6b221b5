import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Tree } from '../testing/tree.ts';
import { WriterProcess } from './process.ts';

let tree: Tree;
let writer: WriterProcess;

beforeEach(async () => {
  tree = new Tree();
  writer = WriterProcess.start();
  await writer.started;
});
afterEach(() => {
  writer.release();
  tree[Symbol.dispose]();
});

/** Children of this process that are named so. */
function writers(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => isWriter(join('/proc', pid)))
    .map(Number);
}

function isWriter(folder: string): boolean {
  try {
    const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(join(folder, 'status'), 'utf8'))?.[1];
    return Number(parent) === process.pid && readFileSync(join(folder, 'cmdline'), 'utf8').startsWith('mdev-writer');
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

it('writes what it is told, whatever that is made of', async () => {
  tree.file('weight', '');
  for (const value of ['8', 'wide: \u00fc\u{1f600} "quoted"', 'x'.repeat(4095)]) {
    expect(await writer.write({ title: 'mdev-writer test', file: { path: join(tree.root, 'weight'), value } })).toEqual({});
    expect(readFileSync(join(tree.root, 'weight'), 'utf8').startsWith(value)).toBe(true);
  }
});

it('answers what was refused, and at which step', async () => {
  const answer = await writer.write({ title: 'mdev-writer test', file: { path: join(tree.root, 'none'), value: '8' } });
  expect(answer.refused).toMatchObject({ step: 'open', code: 'ENOENT' });
});

it('is not ended by what a terminal or a service manager sends, and ends when it is let go', async () => {
  tree.file('weight', '');
  // Those of other tests end when they have seen that they are let go.
  await expect.poll(writers, { timeout: 10_000 }).toHaveLength(1);
  const [pid] = writers();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid ?? 0, signal);
  expect(await writer.write({ title: 'mdev-writer test', file: { path: join(tree.root, 'weight'), value: '8' } })).toEqual({});
  writer.release();
  await expect.poll(() => existsSync(`/proc/${pid ?? 0}`) && writers().length > 0, { timeout: 10_000 }).toBe(false);
});
