import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../../lib/manual-clock.ts';
import { ProviderError } from '../../contract.ts';
import { Tree } from '../testing/tree.ts';
import { busyWriters } from '../testing/writers.ts';
import type { WriteAnswer } from './messages.ts';
import { WriterPool } from './pool.ts';

const patience = 250;

let tree: Tree;
let clock: ManualClock;
let pool: WriterPool;

beforeEach(async () => {
  tree = new Tree();
  tree.file('weight', '');
  tree.hanging('stuck');
  clock = new ManualClock();
  pool = new WriterPool('0000:86:00.0', clock);
  await pool.start();
});
afterEach(() => {
  pool.close();
  tree[Symbol.dispose]();
});

function write(file: string, value = '8', isWanted = (): boolean => true): Promise<WriteAnswer> {
  return pool.write('attribute', { title: 'mdev-writer test', file: { path: join(tree.root, file), value } }, isWanted);
}

const weight = (): string => readFileSync(join(tree.root, 'weight'), 'utf8');
/** Ends what hangs. What it had written. */
const letGo = (): Promise<string> => readFile(join(tree.root, 'stuck'), 'utf8');

/** A write that hangs, once it does. */
async function hang(value = '8'): Promise<{ readonly answer: Promise<WriteAnswer> }> {
  const answer = write('stuck', value);
  await expect.poll(busyWriters, { timeout: 10_000 }).toHaveLength(1);
  return { answer };
}

it('has what waits behind a write that hangs done by another writer, once', async () => {
  const stuck = await hang('late');
  const others = ['1', '2', '3'].map((value) => write('weight', value));
  await clock.advance(patience);
  expect(await Promise.all(others)).toEqual([{}, {}, {}]);
  expect(weight()).toBe('3');
  expect(await letGo()).toBe('late');
  expect(await stuck.answer).toEqual({});
  expect(weight()).toBe('3');
});

it('gives nothing to a writer that has hung for long', async () => {
  const stuck = await hang();
  await clock.advance(patience);
  expect(await write('weight', '4')).toEqual({});
  expect(await letGo()).toBe('8');
  await stuck.answer;
});

it('does not begin what nobody waits for any more by the time that it is taken back', async () => {
  const stuck = await hang();
  let isWanted = true;
  const refused = expect(write('weight', '5', () => isWanted)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  isWanted = false;
  await clock.advance(patience);
  await refused;
  expect(await letGo()).toBe('8');
  await stuck.answer;
  expect(weight()).toBe('');
});

it('begins nothing that waits when it is closed', async () => {
  const stuck = await hang();
  const refused = expect(Promise.all([write('weight', '6'), write('weight', '7')])).rejects.toThrow(ProviderError);
  // Its pipe has no end to answer to: the writer ends, with nothing more done.
  const ended = expect(stuck.answer).rejects.toThrow(/ended/);
  pool.close();
  await refused;
  expect(await letGo()).toBe('8');
  await ended;
  expect(weight()).toBe('');
});
