/** Gives out the smallest number that is free, from 0 on, as the kernel's ID allocator does. O(log n) in the freed ones. */
export class GroupNumbers {
  #next = 0;
  /** A binary min-heap of the numbers below #next that are free. */
  readonly #free: number[] = [];

  take(): number {
    const heap = this.#free;
    const smallest = heap[0];
    if (smallest === undefined) return this.#next++;
    const last = heap.pop() ?? smallest;
    if (heap.length > 0) this.#sink(last);
    return smallest;
  }

  /** Takes back a number that `take` gave. */
  give(number: number): void {
    const heap = this.#free;
    let at = heap.push(number) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const value = heap[above] ?? number;
      if (value <= number) break;
      heap[at] = value;
      at = above;
    }
    heap[at] = number;
  }

  /** Puts `number` at the top and lets it sink to its place. */
  #sink(number: number): void {
    const heap = this.#free;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const leftValue = heap[left] ?? Infinity;
      const rightValue = heap[left + 1] ?? Infinity;
      const least = Math.min(leftValue, rightValue);
      if (least >= number) break;
      heap[at] = least;
      at = leftValue <= rightValue ? left : left + 1;
    }
    heap[at] = number;
  }
}
