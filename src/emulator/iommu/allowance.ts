import { ErrnoError } from '../../lib/errno.ts';
import type { Mapping } from './mapping.ts';
import { pageSize } from './page.ts';
import { maxPages } from './pin-table.ts';
import type { Task } from './task.ts';

/** The limit, in bytes, refused to lock `pages` more for the task. */
export type OnLimit = (task: Task, pages: number, limit: number) => void;

/** How much more may be pinned, in one call: the limit is read once in it, and when it matters. */
export class Allowance {
  readonly #onLimit: OnLimit | undefined;
  #task: Task | undefined;
  /** Pages. */
  #limit: number | undefined = 0;
  /** How the mapper's being gone was told. */
  #gone: unknown;

  constructor(onLimit: OnLimit | undefined) {
    this.#onLimit = onLimit;
  }

  /** A call begins: limits may have changed. */
  renew(): void {
    this.#task = undefined;
  }

  /** How many more pages the mapper may be charged for; -1 when it is gone, and none may be pinned. Throws nothing, as half a call is done by then. */
  room({ task, physical, mayLockAll }: Mapping): number {
    const limit = this.#limitOf(task);
    if (limit === undefined) return -1;
    // Beside a physical domain the page is accounted already.
    if (physical !== undefined || mayLockAll) return maxPages;
    return Math.max(0, Math.min(limit - task.locked.pages, maxPages));
  }

  /** The refusal of a pin of `wanted` pages, which is told. */
  refusal(task: Task, wanted: number): ErrnoError {
    const limit = this.#limitOf(task) ?? 0;
    this.#onLimit?.(task, wanted, limit * pageSize);
    return new ErrnoError(
      'ENOMEM',
      `process ${task.pid} has ${task.locked.pages} pages locked and may lock ${limit}; raise its RLIMIT_MEMLOCK to pin ${wanted} more`,
    );
  }

  /** @throws ErrnoError ENODEV when the mapper is gone */
  refuseGone(task: Task): void {
    if (this.#limitOf(task) === undefined) throw this.#gone;
  }

  /** In pages; undefined when the mapper is gone. */
  #limitOf(task: Task): number | undefined {
    if (this.#task !== task) {
      this.#task = task;
      try {
        this.#limit = Math.floor(task.memlockLimit() / pageSize);
      } catch (error) {
        if (!(error instanceof ErrnoError && error.code === 'ENODEV')) throw error;
        this.#limit = undefined;
        this.#gone = error;
      }
    }
    return this.#limit;
  }
}
