const largest = 16;

/**
 * Does `work` with each item: with one, then with two at a time, then four, as long as all goes well. What would fail for all of
 * them, such as a quota, then fails a few times only. @throws the first error of the batch that failed
 */
export async function inGrowingBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0, size = 1; start < items.length; start += size, size = Math.min(2 * size, largest)) {
    const results = await Promise.allSettled(items.slice(start, start + size).map(work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
