/** Which stored objects name which owner, kept up with every durable change. */
import type { ObjectStore } from '../store/object-store.ts';
import type { Entry } from '../store/entry.ts';

/** Where an object lies. */
export interface Place {
  readonly storage: string;
  readonly key: string;
}

export interface Dependents {
  /** The objects with an ownerReference to this UID. */
  of(uid: string): Place[];
  update(storage: string, entry: Entry, previous: Entry | undefined, deleted: boolean): void;
}

/** Reads the owners of everything stored. */
export function indexDependents(store: ObjectStore): Dependents {
  const byOwner = new Map<string, Map<string, Place>>();
  const id = (place: Place): string => `${place.storage} ${place.key}`;
  const add = (place: Place, entry: Entry): void => {
    for (const owner of entry.owners ?? []) {
      const places = byOwner.get(owner) ?? new Map<string, Place>();
      byOwner.set(owner, places);
      places.set(id(place), place);
    }
  };
  const remove = (place: Place, entry: Entry): void => {
    for (const owner of entry.owners ?? []) {
      const places = byOwner.get(owner);
      places?.delete(id(place));
      if (places?.size === 0) byOwner.delete(owner);
    }
  };
  for (const storage of store.storages()) for (const entry of store.collection(storage).all()) add({ storage, key: entry.key }, entry);
  return {
    of: (uid) => [...(byOwner.get(uid)?.values() ?? [])],
    update(storage, entry, previous, deleted) {
      const place = { storage, key: entry.key };
      if (previous !== undefined) remove(place, previous);
      if (!deleted) add(place, entry);
    },
  };
}
