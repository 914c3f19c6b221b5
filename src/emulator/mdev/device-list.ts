/** What a list can hold: each item remembers where it is in its one list. */
export interface Listed {
  /** Its place, or -1 when it is in no list. */
  place: number;
}

/** A set of items with nothing but an array behind it: adding and removing cost the same however many there are. Order is not kept. */
export class DeviceList<Item extends Listed> implements Iterable<Item> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Takes an item that is in no list. */
  add(item: Item): void {
    item.place = this.#items.push(item) - 1;
  }

  has(item: Item): boolean {
    return this.#items[item.place] === item;
  }

  /** Takes out an item that is in this list; the last one fills its place. */
  remove(item: Item): void {
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      this.#items[item.place] = last;
      last.place = item.place;
    }
    item.place = -1;
  }

  [Symbol.iterator](): IterableIterator<Item> {
    return this.#items.values();
  }
}
