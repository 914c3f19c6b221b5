/** What a server answered to a write, without what differs between any two servers: UIDs, times, resourceVersions. */
import type { RawAnswer } from '../cluster/raw-client.ts';

export interface Outcome {
  readonly code: number;
  readonly reason?: unknown;
  readonly message?: unknown;
  /** Status.details with the causes, in a fixed order. */
  readonly details?: unknown;
  /** The object of a successful write. */
  readonly object?: unknown;
  /** The server's Warning headers. */
  readonly warnings?: readonly string[];
}

/** Reads an answer that should hold a Status or an object; a body that is no JSON is kept as `message`. */
export function outcomeOf(answer: RawAnswer): Outcome {
  const warnings = [answer.headers['warning'] ?? []].flat();
  const head = { code: answer.status, ...(warnings.length > 0 && { warnings }) };
  let body: unknown;
  try {
    body = JSON.parse(answer.body);
  } catch {
    return { ...head, message: answer.body };
  }
  if (!isObject(body) || body['kind'] !== 'Status') return { ...head, object: normalised(body) };
  const { reason, message, details } = orderedStatus(body);
  return { ...head, reason, message, ...(details !== undefined && { details }) };
}

/**
 * `value` with sorted keys and without what no two servers agree on: times, UIDs and resourceVersions become
 * placeholders, so that their presence still counts.
 */
export function normalised(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalised);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, placeholders.get(key)?.(value[key]) ?? normalised(value[key])]),
  );
}

const placeholders: ReadonlyMap<string, (value: unknown) => string | undefined> = new Map([
  ['uid', (value: unknown) => (typeof value === 'string' && value.length === 36 ? '<uid>' : undefined)],
  ['resourceVersion', (value: unknown) => (typeof value === 'string' && value !== '' ? '<resourceVersion>' : undefined)],
  ['creationTimestamp', time],
  ['deletionTimestamp', time],
  ['time', time],
]);

function time(value: unknown): string | undefined {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) ? '<time>' : undefined;
}

/**
 * A Status with its causes sorted, and the message's list of them in the same order: Go walks maps in random order,
 * so a real server itself gives them in any.
 */
export function orderedStatus(status: Record<string, unknown>): Record<string, unknown> {
  const { details, message } = status;
  if (!isObject(details) || !Array.isArray(details['causes'])) return status;
  const unordered: unknown[] = details['causes'];
  const causes = unordered
    .map((cause) => JSON.stringify(cause))
    .sort()
    .map((text): unknown => JSON.parse(text));
  return { ...status, details: { ...details, causes }, message: orderedMessage(message, causes) };
}

function orderedMessage(message: unknown, causes: readonly unknown[]): unknown {
  if (typeof message !== 'string' || !message.endsWith(']')) return message;
  const parts = [...new Set(causes.filter(isObject).map((cause) => `${String(cause['field'])}: ${String(cause['message'])}`))];
  const start = message.indexOf(': [');
  const list = parts.reduce((left, part) => left.replace(part, ''), message.slice(start + 3, -1));
  // Only separators are left if the message is made of exactly these parts.
  return list === ', '.repeat(parts.length - 1) ? `${message.slice(0, start)}: [${parts.join(', ')}]` : message;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether `value` is an object that has the key. */
export function has(value: unknown, key: string): boolean {
  return isObject(value) && Object.hasOwn(value, key);
}
