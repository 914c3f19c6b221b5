/** Events live for an hour after they were written last. */
import type { Api } from '../api.ts';
import { type Entry, parseEntry } from '../store/entry.ts';

const eventStorage = 'events';
const lifetime = 60 * 60 * 1000;

export interface EventExpiry {
  close(): Promise<void>;
}

/** Starts to delete events that are too old; its owner closes it. */
export function startEventExpiry(api: Api): EventExpiry {
  // Keys in the order of their last write: the first is the next to expire.
  const written = new Map<string, number>();
  let cancel: (() => void) | undefined;
  let work: Promise<void> | undefined;
  const events = api.store.collection(eventStorage);
  const schedule = (): void => {
    if (cancel !== undefined) return;
    const [first] = written.values();
    if (first === undefined) return;
    cancel = api.clock.setTimeout(
      () => {
        cancel = undefined;
        work = expire();
      },
      Math.max(first + lifetime - api.clock.now(), 0),
    );
  };
  const expire = async (): Promise<void> => {
    const writes: Promise<void>[] = [];
    for (const [key, time] of written) {
      if (time + lifetime > api.clock.now()) break;
      written.delete(key);
      const entry = events.newest(key);
      if (entry !== undefined) writes.push(api.store.remove(eventStorage, entry).durable);
    }
    try {
      await Promise.all(writes);
    } catch (error) {
      api.log.warn({ err: error }, 'Cannot delete old events');
    }
    schedule();
  };
  const stop = api.store.listen((storage, { type, entry }) => {
    if (storage !== eventStorage) return;
    written.delete(entry.key);
    if (type !== 'DELETED') written.set(entry.key, api.clock.now());
    schedule();
  });
  const known = [...events.all()].map((entry) => ({ key: entry.key, time: lastWrite(entry) }));
  for (const { key, time } of known.sort((a, b) => a.time - b.time)) written.set(key, time);
  schedule();
  return {
    async close() {
      stop();
      cancel?.();
      await work;
    },
  };
}

/** When an event that was stored by an earlier process was written last, as well as it tells. */
function lastWrite(entry: Entry): number {
  const { metadata } = parseEntry(entry);
  const times = [metadata.creationTimestamp, ...(metadata.managedFields ?? []).map(({ time }) => time ?? '')].map((time) =>
    Date.parse(time),
  );
  return Math.max(...times.filter((time) => !Number.isNaN(time)));
}
