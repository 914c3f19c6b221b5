/**
 * Texts in CEL as Go has them: positions count code points, patterns are RE2's, case is ASCII's.
 * Methods cel-js knows under the same name but counts otherwise are registered as `k8s_<name>`; GO_METHODS renames.
 */
import type { Environment } from '@marcbachmann/cel-js';
import { goNumber, goQuote } from '../go-format.ts';
import { compileGoRegExp } from '../go-regexp.ts';

/** Calls to rename in an expression so that the methods here are taken. */
export const GO_METHODS: ReadonlyMap<string, string> = new Map(
  ['matches', 'indexOf', 'lastIndexOf', 'substring', 'split', 'lowerAscii', 'upperAscii', 'trim', 'int'].map((name) => [
    name,
    `k8s_${name}`,
  ]),
);

const MAX_CACHED_PATTERNS = 64;
const sync = { async: false } as const;

/** Registers the string and regex extensions. */
export function registerStrings(env: Environment): void {
  const patterns = new Map<string, RegExp>();
  const regExp = (pattern: string): RegExp => {
    let compiled = patterns.get(pattern);
    if (compiled === undefined) {
      compiled = compileGoRegExp(pattern, 'g');
      if (patterns.size >= MAX_CACHED_PATTERNS) patterns.clear();
      patterns.set(pattern, compiled);
    }
    compiled.lastIndex = 0;
    return compiled;
  };
  const fn = (signature: string, handler: (...args: never[]) => unknown): void => {
    env.registerFunction(signature, handler as (...args: unknown[]) => unknown, sync);
  };
  fn('matches(string, string): bool', (text: string, pattern: string) => regExp(pattern).test(text));
  fn('k8s_matches(string, string): bool', (text: string, pattern: string) => regExp(pattern).test(text));
  fn('string.k8s_matches(string): bool', (text: string, pattern: string) => regExp(pattern).test(text));
  fn('string.find(string): string', (text: string, pattern: string) => regExp(pattern).exec(text)?.[0] ?? '');
  fn('string.findAll(string): list<string>', (text: string, pattern: string) =>
    Array.from(text.matchAll(regExp(pattern)), ([found]) => found),
  );
  fn('string.findAll(string, int): list<string>', (text: string, pattern: string, limit: bigint) => {
    const all = Array.from(text.matchAll(regExp(pattern)), ([found]) => found);
    return limit < 0n ? all : all.slice(0, Number(limit));
  });

  fn('string.charAt(int): string', (text: string, index: bigint) => {
    const runes = Array.from(text);
    return index === BigInt(runes.length) ? '' : (runes[inRange(index, runes.length)] ?? '');
  });
  fn('string.k8s_indexOf(string): int', (text: string, part: string) => indexOf(Array.from(text), Array.from(part), 0));
  fn('string.k8s_indexOf(string, int): int', (text: string, part: string, from: bigint) => {
    const runes = Array.from(text);
    return part === '' ? from : indexOf(runes, Array.from(part), notNegative(from));
  });
  fn('string.k8s_lastIndexOf(string): int', (text: string, part: string) => {
    const runes = Array.from(text);
    return lastIndexOf(runes, Array.from(part), runes.length);
  });
  fn('string.k8s_lastIndexOf(string, int): int', (text: string, part: string, from: bigint) => {
    const runes = Array.from(text);
    if (part === '') return from;
    return from >= BigInt(runes.length) ? -1n : lastIndexOf(runes, Array.from(part), notNegative(from));
  });
  fn('string.k8s_substring(int): string', (text: string, start: bigint) => {
    const runes = Array.from(text);
    return runes.slice(inRange(start, runes.length + 1)).join('');
  });
  fn('string.k8s_substring(int, int): string', (text: string, start: bigint, end: bigint) => {
    const runes = Array.from(text);
    if (start > end) throw new Error(`invalid substring range. start: ${String(start)}, end: ${String(end)}`);
    return runes.slice(inRange(start, runes.length + 1), inRange(end, runes.length + 1)).join('');
  });
  fn('string.k8s_split(string): list<string>', (text: string, separator: string) => split(text, separator, -1));
  fn('string.k8s_split(string, int): list<string>', (text: string, separator: string, limit: bigint) =>
    split(text, separator, Number(limit)),
  );
  fn('string.k8s_lowerAscii(): string', (text: string) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase()));
  fn('string.k8s_upperAscii(): string', (text: string) => text.replace(/[a-z]+/g, (part) => part.toUpperCase()));
  fn('string.k8s_trim(): string', (text: string) => text.replace(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, ''));
  fn('string.replace(string, string): string', (text: string, old: string, by: string) => replace(text, old, by, -1));
  fn('string.replace(string, string, int): string', (text: string, old: string, by: string, limit: bigint) =>
    replace(text, old, by, Number(limit)),
  );
  fn('string.format(list): string', (template: string, args: readonly unknown[]) => format(template, args));
  env.registerType('StringsNamespace', StringsNamespace);
  env.registerConstant('strings', 'StringsNamespace', new StringsNamespace());
  fn('StringsNamespace.quote(string): string', (_: unknown, text: string) => goQuote(text));
}

class StringsNamespace {
  readonly name = 'strings';
}

function notNegative(index: bigint): number {
  if (index < 0n) throw new Error(`index out of range: ${String(index)}`);
  return Number(index);
}

function inRange(index: bigint, length: number): number {
  if (index < 0n || index >= BigInt(length)) throw new Error(`index out of range: ${String(index)}`);
  return Number(index);
}

function indexOf(runes: readonly string[], part: readonly string[], from: number): bigint {
  for (let i = from; i + part.length <= runes.length; i++) if (part.every((rune, j) => runes[i + j] === rune)) return BigInt(i);
  return -1n;
}

function lastIndexOf(runes: readonly string[], part: readonly string[], from: number): bigint {
  for (let i = Math.min(from, runes.length - part.length); i >= 0; i--)
    if (part.every((rune, j) => runes[i + j] === rune)) return BigInt(i);
  return -1n;
}

function split(text: string, separator: string, limit: number): string[] {
  if (limit === 0) return [];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  return limit < 0 || parts.length <= limit ? parts : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

function replace(text: string, old: string, by: string, limit: number): string {
  const parts = old === '' ? ['', ...Array.from(text), ''] : text.split(old);
  return parts.reduce((done, part, i) => done + (limit < 0 || i <= limit ? by : old) + part);
}

/** The verbs of CEL's string.format: %s %d %f %e %b %o %x %X %%. */
function format(template: string, args: readonly unknown[]): string {
  let next = 0;
  return template.replace(
    /%(%|(?:\.(\d+))?([sdfebxXo])|[^]?)/g,
    (clause, body: string, precision: string | undefined, verb: string | undefined) => {
      if (body === '%') return '%';
      if (verb === undefined) throw new Error(`could not parse formatting clause: unrecognized formatting clause "${clause.slice(1)}"`);
      if (next >= args.length) throw new Error(`index ${String(next)} out of range`);
      return formatOne(verb, args[next++], precision === undefined ? 6 : Number(precision));
    },
  );
}

function formatOne(verb: string, value: unknown, precision: number): string {
  const number = typeof value === 'bigint' || typeof value === 'number' ? value : undefined;
  switch (verb) {
    case 's':
      return formatText(value);
    case 'd':
      if (number !== undefined) return typeof number === 'bigint' ? String(number) : goNumber(number);
      break;
    case 'f':
      if (number !== undefined) return Number(number).toFixed(precision);
      break;
    case 'e':
      if (number !== undefined)
        return Number(number)
          .toExponential(precision)
          .replace(/e([+-])(\d)$/, 'e$10$2');
      break;
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0';
      if (typeof value === 'bigint') return value.toString(2);
      break;
    case 'o':
      if (typeof value === 'bigint') return value.toString(8);
      break;
    default: {
      const hex =
        typeof value === 'bigint' ? value.toString(16) : typeof value === 'string' ? Buffer.from(value).toString('hex') : undefined;
      if (hex !== undefined) return verb === 'X' ? hex.toUpperCase() : hex;
    }
  }
  throw new Error(`error during formatting: %${verb} cannot be used on this type`);
}

function formatText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return goNumber(value);
  if (Array.isArray(value))
    return `[${value.map((item) => (typeof item === 'string' ? JSON.stringify(item) : formatText(item))).join(', ')}]`;
  if (value instanceof Map) return `{${Array.from(value, ([key, item]) => `${JSON.stringify(key)}: ${formatText(item)}`).join(', ')}}`;
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  const other = value as { toString(): string };
  return other.toString();
}
