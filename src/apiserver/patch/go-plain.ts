/** Values as messages about patches print them. */
import type { Json } from '../object.ts';
import { compareStrings, goNumber } from '../schema/go-format.ts';

/** `value` as Go's %v prints it: `map[a:1 b:[x y] c:<nil>]`. */
export function goPlain(value: Json): string {
  if (value === null) return '<nil>';
  if (typeof value === 'number') return goNumber(value);
  if (Array.isArray(value)) return `[${value.map(goPlain).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => compareStrings(a, b));
  return `map[${entries.map(([key, item]) => `${key}:${goPlain(item)}`).join(' ')}]`;
}
