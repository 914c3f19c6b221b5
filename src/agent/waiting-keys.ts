/** Keys that wait for something to happen somewhere: each at one place, by the place's name. */
export class WaitingKeys {
  readonly #byPlace = new Map<string, Set<string>>();
  readonly #places = new Map<string, string>();

  /** `key` waits at `place` from now on, and nowhere else. */
  wait(place: string, key: string): void {
    this.leave(key);
    this.#places.set(key, place);
    const keys = this.#byPlace.get(place);
    if (keys === undefined) this.#byPlace.set(place, new Set([key]));
    else keys.add(key);
  }

  /** `key` waits no more. */
  leave(key: string): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#places.delete(key);
    const keys = this.#byPlace.get(place);
    keys?.delete(key);
    if (keys?.size === 0) this.#byPlace.delete(place);
  }

  /** Takes all keys that wait at `place`, in the order in which they came. */
  take(place: string): string[] {
    const keys = [...(this.#byPlace.get(place) ?? [])];
    for (const key of keys) this.leave(key);
    return keys;
  }
}
