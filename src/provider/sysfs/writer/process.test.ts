import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Tree } from '../testing/tree.ts';
import { busyWriters, writers } from '../testing/writers.ts';
import { EncodedOrder, NotBegunError } from './messages.ts';
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

it('writes what it is told, whatever that is made of', async () => {
  tree.file('weight', '');
  for (const value of ['8', 'wide: \u00fc\u{1f600} "quoted"', 'x'.repeat(4095)]) {
    expect(await writer.write(new EncodedOrder({ title: 'mdev-writer test', file: { path: join(tree.root, 'weight'), value } }))).toEqual(
      {},
    );
    expect(readFileSync(join(tree.root, 'weight'), 'utf8').startsWith(value)).toBe(true);
  }
});

it('answers what was refused, and at which step', async () => {
  const answer = await writer.write(new EncodedOrder({ title: 'mdev-writer test', file: { path: join(tree.root, 'none'), value: '8' } }));
  expect(answer.refused).toMatchObject({ step: 'open', code: 'ENOENT' });
});

it('is not ended by what a terminal or a service manager sends, and ends when it is let go', async () => {
  tree.file('weight', '');
  // Those of other tests end when they have seen that they are let go.
  await expect.poll(writers, { timeout: 10_000 }).toHaveLength(1);
  const [pid] = writers();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid ?? 0, signal);
  expect(
    await writer.write(new EncodedOrder({ title: 'mdev-writer test', file: { path: join(tree.root, 'weight'), value: '8' } })),
  ).toEqual({});
  writer.release();
  await expect.poll(() => existsSync(`/proc/${pid ?? 0}`) && writers().length > 0, { timeout: 10_000 }).toBe(false);
});

const orderFor = (file: string, value = '8'): EncodedOrder =>
  new EncodedOrder({ title: 'mdev-writer test', file: { path: join(tree.root, file), value } });

it('is given the next order while it is at one, and answers in that order', async () => {
  tree.file('weight', '');
  const first = writer.write(orderFor('weight'));
  expect(writer.takes(orderFor('none'))).toBe(true);
  const second = writer.write(orderFor('none'));
  expect(writer.takes(orderFor('weight'))).toBe(false);
  expect(await first).toEqual({});
  expect((await second).refused).toMatchObject({ step: 'open' });
  expect(writer.isIdle).toBe(true);
});

it('begins nothing that was taken back while it hangs, and goes on with what was not', async () => {
  tree.file('weight', '');
  tree.hanging('stuck');
  const stuck = writer.write(orderFor('stuck'));
  await expect.poll(busyWriters, { timeout: 10_000 }).toHaveLength(1);
  const next = writer.write(orderFor('weight'));
  writer.takeBackNext();
  await expect(next).rejects.toThrow(NotBegunError);
  // Again, with nothing there to take.
  writer.takeBackNext();
  readFileSync(join(tree.root, 'stuck'));
  expect(await stuck).toEqual({});
  expect(readFileSync(join(tree.root, 'weight'), 'utf8')).toBe('');
  expect(await writer.write(orderFor('weight'))).toEqual({});
});

it('keeps what its turn is at when it has not run since, and does that once', async () => {
  tree.file('weight', '');
  tree.file('other', '');
  await expect.poll(writers, { timeout: 10_000 }).toHaveLength(1);
  const [pid = 0] = writers();
  process.kill(pid, 'SIGSTOP');
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2], { timeout: 10_000 }).toBe('T');
  const turn = writer.write(orderFor('weight'));
  const next = writer.write(orderFor('other'));
  writer.takeBackNext();
  await expect(next).rejects.toThrow(NotBegunError);
  process.kill(pid, 'SIGCONT');
  expect(await turn).toEqual({});
  expect(readFileSync(join(tree.root, 'other'), 'utf8')).toBe('');
  expect(writer.isIdle).toBe(true);
});

it('has not begun what was still in the pipe when it ended; of its turn nothing is known', async () => {
  tree.hanging('stuck');
  tree.file('weight', '');
  await expect.poll(writers, { timeout: 10_000 }).toHaveLength(1);
  const [pid = 0] = writers();
  const stuck = writer.write(orderFor('stuck'));
  await expect.poll(busyWriters, { timeout: 10_000 }).toHaveLength(1);
  const next = writer.write(orderFor('weight'));
  process.kill(pid, 'SIGKILL');
  await expect(next).rejects.toThrow(NotBegunError);
  await expect(stuck).rejects.toThrow(/ended/);
});
