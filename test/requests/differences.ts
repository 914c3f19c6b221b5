/** Compares what two servers said, and leaves out what is known and meant. */
import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../manifests/outcome.ts';
import type { Note } from './session.ts';

export interface Difference {
  /** Of the answer: scenario and label. */
  readonly where: string;
  /** Inside the answer, such as body.details.causes[0].message. */
  readonly path: string;
  /** undefined where the real server has nothing. */
  readonly real: unknown;
  readonly embedded: unknown;
}

/** A difference that is meant; `where` and `path` are matched whole, "*" stands for any text. */
export interface KnownDifference {
  readonly where: string;
  readonly path: string;
  /** Only where the real server has exactly this text. */
  readonly real?: string;
  readonly reason: string;
}

/** Every place where the notes differ; notes are matched by their labels. */
export function differencesOfNotes(scenario: string, real: readonly Note[], embedded: readonly Note[]): Difference[] {
  const got = new Map(embedded.map((note) => [note[0], note]));
  return real.flatMap(([label, code, answer]) => {
    const where = `${scenario}: ${label}`;
    const other = got.get(label);
    if (other === undefined) return [{ where, path: 'answer', real: code, embedded: 'the conversation ended before' }];
    const difference = differences(answer, other[2], '').map((found) => ({ where, ...found }));
    return code === other[1] ? difference : [{ where, path: 'code', real: code, embedded: other[1] }, ...difference];
  });
}

/** Every place where `embedded` differs from `real`, objects and lists of one length compared part by part. */
export function differences(real: unknown, embedded: unknown, path: string): Omit<Difference, 'where'>[] {
  if (isObject(real) && isObject(embedded)) {
    const keys = [...new Set([...Object.keys(real), ...Object.keys(embedded)])];
    return keys.flatMap((key) => differences(real[key], embedded[key], path === '' ? key : `${path}.${key}`));
  }
  if (Array.isArray(real) && Array.isArray(embedded) && real.length === embedded.length) {
    return real.flatMap((item: unknown, index) => differences(item, embedded[index], `${path}[${String(index)}]`));
  }
  return isDeepStrictEqual(real, embedded) ? [] : [{ path, real, embedded }];
}

/** What of `found` is not known, and which known ones did not occur. */
export function judge(
  found: readonly Difference[],
  known: readonly KnownDifference[],
): { readonly unknown: readonly Difference[]; readonly stale: readonly KnownDifference[] } {
  const matches = (difference: Difference, entry: KnownDifference): boolean =>
    pattern(entry.where).test(difference.where) &&
    pattern(entry.path).test(difference.path) &&
    (entry.real === undefined || entry.real === difference.real);
  return {
    unknown: found.filter((difference) => !known.some((entry) => matches(difference, entry))),
    stale: known.filter((entry) => !found.some((difference) => matches(difference, entry))),
  };
}

function pattern(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** The differences as a table for people. */
export function tableOf(found: readonly Difference[]): string {
  const short = (value: unknown): string => {
    const text = value === undefined ? '-' : JSON.stringify(value);
    return text.length > 600 ? `${text.slice(0, 600)}...` : text;
  };
  let last = '';
  return found
    .map(({ where, path, real, embedded }) => {
      const head = where === last ? '' : `${where}\n`;
      last = where;
      return `${head}  ${path}\n    real      ${short(real)}\n    embedded  ${short(embedded)}\n`;
    })
    .join('');
}
