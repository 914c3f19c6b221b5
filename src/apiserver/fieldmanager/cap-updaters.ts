/** Keeps the number of Update entries small by merging the oldest. */
import { compareStrings } from '../schema/go-format.ts';
import { union } from './field-set.ts';
import { identityKey, type Managed, type ManagedSet } from './managed.ts';

const MAX_UPDATERS = 10;
const BUCKET = 'ancient-changes';

/** `managed` with at most ten Update entries: the oldest of one apiVersion become one entry, `ancient-changes`. */
export function capUpdaters(managed: Managed): Managed {
  const updaters = [...managed].filter(([, entry]) => entry.identity.operation === 'Update');
  if (updaters.length <= MAX_UPDATERS) return managed;
  const time = (entry: ManagedSet): number => (entry.time === undefined ? 0 : Math.floor(Date.parse(entry.time) / 1000));
  updaters.sort(([a, left], [b, right]) => time(left) - time(right) || compareStrings(a, b));
  const result = new Map(managed);
  const firstByVersion = new Map<string, string>();
  let count = updaters.length;
  for (const [key, entry] of updaters) {
    if (count <= MAX_UPDATERS) break;
    const { apiVersion } = entry.identity;
    const first = firstByVersion.get(apiVersion);
    if (first === undefined) {
      firstByVersion.set(apiVersion, key);
      continue;
    }
    const identity = { manager: BUCKET, operation: 'Update', apiVersion, subresource: '' } as const;
    const bucketKey = identityKey(identity);
    // The bucket starts as the oldest entry of its version, renamed.
    let bucket = result.get(bucketKey);
    if (bucket === undefined) {
      bucket = result.get(first) ?? entry;
      result.delete(first);
    }
    result.delete(key);
    result.set(bucketKey, { identity, fields: union(entry.fields, bucket.fields), time: entry.time });
    count--;
  }
  return result;
}
