import type { DeviceUser } from '../../vfio/model.ts';
import type { PageRange } from './pages.ts';
import { intersects } from './pages.ts';

/** As many pages as VFIO pins or unpins in one call. */
export const pagesPerCall = 512;
/** Calls after which others get their turn: 32 MiB of pages. */
const callsPerTurn = 16;

interface PinnedRange extends PageRange {
  readonly writable: boolean;
  /** What pinned it. */
  readonly owner: object;
}

/**
 * The guest pages that a device holds pinned, as ranges: 1 GiB costs no more than a page. A range that is taken out of the list is
 * unpinned at once, and counts as gone whatever comes of that.
 */
export class PinnedSurfaces {
  #ranges: PinnedRange[] = [];
  readonly #pfns = new Float64Array(pagesPerCall);
  readonly #hostPfns = new Float64Array(pagesPerCall);

  /** How many pages; one that two surfaces share counts twice, as it is pinned twice. */
  get pages(): number {
    return this.#ranges.reduce((sum, { count }) => sum + count, 0);
  }

  get ranges(): number {
    return this.#ranges.length;
  }

  /** Whether exactly these pages are held already. */
  has({ first, count }: PageRange, writable: boolean): boolean {
    return this.#ranges.some((range) => range.first === first && range.count === count && range.writable === writable);
  }

  /**
   * Pins the pages for `owner`, and yields when others should have their turn. When a call fails the pages before it stay pinned until
   * `unpinOwned`.
   * @throws ErrnoError as DeviceUser.pinPages
   */
  *pin(user: DeviceUser, { first, count }: PageRange, writable: boolean, owner: object): Generator<void, void> {
    let range: PinnedRange = { first, count: 0, writable, owner };
    for (let calls = 1; range.count < count; calls++) {
      const pages = Math.min(pagesPerCall, count - range.count);
      this.#fill(first + range.count, pages);
      user.pinPages(this.#pfns, pages, writable, this.#hostPfns);
      const grown = { ...range, count: range.count + pages };
      this.#ranges = [...this.#ranges.filter((other) => other !== range), grown];
      range = grown;
      if (calls % callsPerTurn === 0 && range.count < count) yield;
    }
  }

  /** Unpins what `owner` pinned. */
  unpinOwned(user: DeviceUser, owner: object): void {
    this.#unpin(
      user,
      this.#take((range) => range.owner === owner),
    );
  }

  unpinAll(user: DeviceUser): void {
    this.#unpin(
      user,
      this.#take(() => true),
    );
  }

  /** Unpins those of its pages that lie in `pages`, and keeps the others. */
  unpinWithin(user: DeviceUser, pages: PageRange): void {
    const touched = this.#take((range) => intersects(range, pages));
    const inside: PageRange[] = [];
    for (const range of touched) {
      const start = Math.max(range.first, pages.first);
      const end = Math.min(range.first + range.count, pages.first + pages.count);
      inside.push({ first: start, count: end - start });
      if (start > range.first) this.#ranges.push({ ...range, count: start - range.first });
      if (end < range.first + range.count) this.#ranges.push({ ...range, first: end, count: range.first + range.count - end });
    }
    this.#unpin(user, inside);
  }

  /** The user is gone, and its pins with it. */
  forget(): void {
    this.#ranges = [];
  }

  #take(predicate: (range: PinnedRange) => boolean): PinnedRange[] {
    const taken = this.#ranges.filter(predicate);
    this.#ranges = this.#ranges.filter((range) => !predicate(range));
    return taken;
  }

  #unpin(user: DeviceUser, ranges: readonly PageRange[]): void {
    for (const { first, count } of ranges) {
      for (let done = 0; done < count; done += pagesPerCall) {
        const pages = Math.min(pagesPerCall, count - done);
        this.#fill(first + done, pages);
        const unpinned = user.unpinPages(this.#pfns, pages);
        if (unpinned !== pages) throw new Error(`Cannot unpin page ${first + done + unpinned}: it is not pinned any more`);
      }
    }
  }

  #fill(first: number, count: number): void {
    for (let index = 0; index < count; index++) this.#pfns[index] = first + index;
  }
}
