import { expect, test } from 'vitest';
import { inGrowingBatches } from './batches.ts';

const items = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('does all, one first, then twice as many at a time, but never more than 16', async () => {
  const sizes: number[] = [];
  let open = 0;
  let done = 0;
  await inGrowingBatches(items(60), async () => {
    open++;
    await Promise.resolve();
    if (open > 0) sizes.push(open);
    open = 0;
    done++;
  });
  expect(done).toBe(60);
  expect(sizes).toEqual([1, 2, 4, 8, 16, 16, 13]);
});

test('what fails for all is tried a few times only, and the rest of its batch is waited for', async () => {
  const tried: number[] = [];
  const finished: number[] = [];
  const work = async (item: number): Promise<void> => {
    tried.push(item);
    await Promise.resolve();
    if (item >= 3) throw new Error(`quota at ${item}`);
    finished.push(item);
  };
  await expect(inGrowingBatches(items(100), work)).rejects.toThrow('quota at 3');
  expect(tried).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(finished).toEqual([0, 1, 2]);
});

test('nothing is nothing', async () => {
  await inGrowingBatches([], () => Promise.reject(new Error('never')));
});
