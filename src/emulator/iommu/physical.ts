import { ErrnoError } from '../../lib/errno.ts';
import type { Mapping } from './mapping.ts';
import { pageSize } from './page.ts';

const batchPages = 512;

/**
 * Pins the whole mapping, as MAP does beside an IOMMU-capable domain, and charges its task for what is not charged already.
 * @throws ErrnoError EFAULT where there is no page, ENOMEM past the limit, ENODEV when the task is gone; nothing is changed then
 */
export function pinPhysical(mapping: Mapping): void {
  const { memory, task, start, end, writable, held, mayLockAll } = mapping;
  const limit = Math.floor(task.memlockLimit() / pageSize);
  const pfns = new Float64Array(batchPages);
  let page = 0;
  /** Pages that are charged for by this. */
  let fresh = 0;
  try {
    while (page < end - start) {
      const taken = memory.pin(page, Math.min(batchPages, end - start - page), writable, pfns, 0);
      if (taken === 0) throw new ErrnoError('EFAULT', `there is no memory behind page ${page} of the mapping`);
      for (let index = 0; index < taken; index++)
        if (memory.isReserved?.(pfns[index] ?? 0) !== true && !(held > 0 && mapping.isHeld(page + index))) fresh++;
      page += taken;
      const locked = task.locked.pages + fresh;
      if (!mayLockAll && fresh > 0 && locked > limit)
        throw new ErrnoError('ENOMEM', `process ${task.pid} may lock ${limit} pages, and the mapping would make it ${locked}`);
    }
  } catch (error) {
    giveBack(mapping, page);
    throw error;
  }
  task.locked.pages += fresh;
  mapping.physical = held + fresh;
}

/** Undoes `pinPhysical`: what devices hold pinned themselves stays charged. */
export function unpinPhysical(mapping: Mapping): void {
  const { physical, held, task, start, end } = mapping;
  if (physical === undefined) return;
  task.locked.pages -= physical - held;
  mapping.physical = undefined;
  giveBack(mapping, end - start);
}

/** Gives back the first pages of the mapping. */
function giveBack({ memory, writable }: Mapping, pages: number): void {
  if (memory.unpin !== undefined) for (let page = 0; page < pages; page++) memory.unpin(page, writable);
}
