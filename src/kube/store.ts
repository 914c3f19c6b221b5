import type { ObjectMeta } from '../api/object-meta.ts';
import { keyOf } from './resource.ts';

interface Stored {
  readonly metadata: ObjectMeta;
}

/** The values under which an object is found in an index. */
export type IndexFunction<T> = (object: T) => readonly string[];

/**
 * The objects of one reflector by key ("namespace/name"), and by any number of named indices.
 * Reads never block and never fail; what is read must not be changed.
 */
export class Store<T extends Stored, Index extends string = never> {
  readonly #objects = new Map<string, T>();
  readonly #indexFunctions: [Index, IndexFunction<T>][];
  readonly #indices = new Map<Index, Map<string, Set<string>>>();

  constructor(indices: Readonly<Record<Index, IndexFunction<T>>>) {
    this.#indexFunctions = Object.entries(indices) as [Index, IndexFunction<T>][];
    for (const [name] of this.#indexFunctions) this.#indices.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  has(key: string): boolean {
    return this.#objects.has(key);
  }

  /** All objects, in no particular order. */
  list(): T[] {
    return [...this.#objects.values()];
  }

  /** The objects that index `name` knows under `value`, in no particular order. */
  byIndex(name: Index, value: string): T[] {
    return this.keysByIndex(name, value).flatMap((key) => this.#objects.get(key) ?? []);
  }

  keysByIndex(name: Index, value: string): string[] {
    return [...(this.#indices.get(name)?.get(value) ?? [])];
  }

  /** Puts `object` in place of its older version; false if that version was here already. */
  upsert(object: T): boolean {
    const key = keyOf(object.metadata);
    const old = this.#objects.get(key);
    const version = object.metadata.resourceVersion;
    if (
      old !== undefined &&
      version !== undefined &&
      old.metadata.resourceVersion === version &&
      old.metadata.uid === object.metadata.uid
    ) {
      return false;
    }
    if (old !== undefined) this.#unindex(key, old);
    this.#objects.set(key, object);
    for (const [name, values] of this.#indexFunctions) {
      const index = this.#indices.get(name);
      for (const value of values(object)) {
        const keys = index?.get(value);
        if (keys === undefined) index?.set(value, new Set([key]));
        else keys.add(key);
      }
    }
    return true;
  }

  /** Takes the object of `key` out; false if there was none. */
  delete(key: string): boolean {
    const old = this.#objects.get(key);
    if (old === undefined) return false;
    this.#unindex(key, old);
    this.#objects.delete(key);
    return true;
  }

  /**
   * Makes the store hold exactly `objects`, besides those of `kept`: what is missing is deleted.
   * @returns the keys of all objects that came, changed or went
   */
  replace(objects: readonly T[], kept: ReadonlySet<string> = new Set()): string[] {
    const present = new Set(objects.map((object) => keyOf(object.metadata)));
    const gone = [...this.#objects.keys()].filter((key) => !present.has(key) && !kept.has(key));
    for (const key of gone) this.delete(key);
    return [...gone, ...objects.filter((object) => this.upsert(object)).map((object) => keyOf(object.metadata))];
  }

  #unindex(key: string, object: T): void {
    for (const [name, values] of this.#indexFunctions) {
      const index = this.#indices.get(name);
      for (const value of values(object)) {
        const keys = index?.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index?.delete(value);
      }
    }
  }
}
