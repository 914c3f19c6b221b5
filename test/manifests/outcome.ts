/** What a server answered to a write, without what differs between any two servers: UIDs, times, resourceVersions. */
import { isDeepStrictEqual } from 'node:util';
import type { RawAnswer } from '../cluster/raw-client.ts';

/** A cause inside a Status, or what is there instead of one. */
export type Cause = { readonly reason?: unknown; readonly field?: unknown; readonly message?: unknown };

export interface Outcome {
  readonly code: number;
  readonly reason?: unknown;
  readonly message?: unknown;
  /** Status.details with the causes. */
  readonly details?: unknown;
  /** The object of a successful write. */
  readonly object?: unknown;
  /** The server's Warning headers. */
  readonly warnings: readonly string[];
}

/** Reads an answer that should hold a Status or an object; a body that is no JSON is kept as `message`. */
export function outcomeOf(answer: RawAnswer): Outcome {
  const code = answer.status;
  const warnings = [answer.headers['warning'] ?? []].flat();
  let body: unknown;
  try {
    body = JSON.parse(answer.body);
  } catch {
    return { code, warnings, message: answer.body };
  }
  if (isObject(body) && body['kind'] === 'Status') {
    return { code, warnings, reason: body['reason'], message: body['message'], details: sortCauses(body['details']) };
  }
  return { code, warnings, object: normalised(body) };
}

/**
 * `value` without what no two servers agree on. Times, UIDs and resourceVersions become placeholders, so that their
 * presence still counts; generated name suffixes become "*".
 */
export function normalised(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalised);
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) result[key] = placeholders[key]?.(child) ?? normalised(child);
  const { generateName } = result;
  if (typeof generateName === 'string' && typeof result['name'] === 'string') result['name'] = `${generateName}*`;
  return result;
}

const placeholders: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  uid: (value) => (typeof value === 'string' && value.length === 36 ? '<uid>' : undefined),
  resourceVersion: (value) => (typeof value === 'string' && value !== '' ? '<resourceVersion>' : undefined),
  creationTimestamp: time,
  deletionTimestamp: time,
  time,
};

function time(value: unknown): string | undefined {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) ? '<time>' : undefined;
}

// Go walks maps in random order, so causes come in any order.
function sortCauses(details: unknown): unknown {
  if (!isObject(details) || !Array.isArray(details['causes'])) return details;
  const causes: unknown[] = details['causes'];
  return {
    ...details,
    causes: causes
      .map((cause) => JSON.stringify(cause))
      .sort()
      .map((text): unknown => JSON.parse(text)),
  };
}

/** One difference between the real server's outcome and another's. */
export interface Difference {
  readonly path: string;
  readonly real: unknown;
  readonly other: unknown;
}

/** Every place where `other` differs from `real`, objects and lists compared part by part. */
export function differences(real: unknown, other: unknown, path = ''): Difference[] {
  if (path.endsWith('message') && sameParts(real, other)) return [];
  if (isObject(real) && isObject(other)) {
    const keys = [...new Set([...Object.keys(real), ...Object.keys(other)])];
    return keys.flatMap((key) => differences(real[key], other[key], path === '' ? key : `${path}.${key}`));
  }
  if (Array.isArray(real) && Array.isArray(other) && real.length === other.length) {
    return real.flatMap((item: unknown, index) => differences(item, other[index], `${path}[${String(index)}]`));
  }
  return isDeepStrictEqual(real, other) ? [] : [{ path, real, other }];
}

// "X is invalid: [a, b]" holds the same refusals as "X is invalid: [b, a]".
function sameParts(real: unknown, other: unknown): boolean {
  if (typeof real !== 'string' || typeof other !== 'string') return false;
  const parts = (text: string): string =>
    text
      .replace(/[[\]]/g, '')
      .split(', ')
      .flatMap((part) => part.split(': ['))
      .sort()
      .join(', ');
  return parts(real) === parts(other);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
