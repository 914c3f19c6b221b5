import { ErrnoError } from '../../lib/errno.ts';
import type { Extent, Mapping } from './mapping.ts';
import { pageSize } from './page.ts';

const batchPages = 512;

/**
 * Pins the whole mapping, as MAP does beside an IOMMU-capable domain, and charges its task for what is not charged already.
 * @throws ErrnoError EFAULT where there is no page, ENOMEM past the limit, ENODEV when the task is gone; nothing is changed then
 */
export function pinPhysical(mapping: Mapping): void {
  const { memory, task, start, end, writable } = mapping;
  const limit = Math.floor(task.memlockLimit() / pageSize);
  const extents: Extent[] = [];
  const pfns = new Float64Array(batchPages);
  let countable = 0;
  try {
    for (let page = 0; page < end - start;) {
      const taken = memory.pin(page, Math.min(batchPages, end - start - page), writable, pfns, 0);
      if (taken === 0) throw new ErrnoError('EFAULT', `there is no memory behind page ${page} of the mapping`);
      for (let index = 0; index < taken; index++) {
        const pfn = pfns[index] ?? 0;
        append(extents, page + index, pfn);
        if (memory.isReserved?.(pfn) !== true) countable++;
      }
      page += taken;
      const locked = task.locked.pages + countable - mapping.held;
      if (!mapping.mayLockAll && locked > limit && countable > mapping.held) {
        throw new ErrnoError('ENOMEM', `process ${task.pid} would lock ${locked} pages, and its limit is ${limit}`);
      }
    }
  } catch (error) {
    giveBack(mapping, extents);
    throw error;
  }
  task.locked.pages += countable - mapping.held;
  mapping.physical = { extents, countable };
}

/** Undoes `pinPhysical`: what devices hold pinned themselves stays charged. */
export function unpinPhysical(mapping: Mapping): void {
  const { physical, task } = mapping;
  if (physical === undefined) return;
  task.locked.pages -= physical.countable - mapping.held;
  mapping.physical = undefined;
  giveBack(mapping, physical.extents);
}

function append(extents: Extent[], page: number, pfn: number): void {
  const last = extents[extents.length - 1];
  if (last !== undefined && last.pfn + last.count === pfn) last.count++;
  else extents.push({ page, pfn, count: 1 });
}

function giveBack({ memory, writable }: Mapping, extents: readonly Extent[]): void {
  if (memory.unpin === undefined) return;
  for (const { page, pfn, count } of extents)
    for (let offset = 0; offset < count; offset++) memory.unpin(page + offset, pfn + offset, writable);
}
