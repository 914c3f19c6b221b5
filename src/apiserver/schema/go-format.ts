/**
 * Values printed as Go prints them, because that is how kube-apiserver's messages quote them:
 * strconv.Quote for strings, encoding/json for the rest, fmt's %v for numbers.
 */

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

// What unicode.IsPrint refuses: everything but letters, marks, numbers, punctuation, symbols and the ASCII space.
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;
const NEEDS_QUOTING = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|["\\]/gu;

/** `text` in double quotes as Go's %q writes it. */
export function goQuote(text: string): string {
  return `"${text.replace(NEEDS_QUOTING, escapeRune)}"`;
}

function escapeRune(rune: string): string {
  const short = SHORT_ESCAPES.get(rune);
  if (short !== undefined) return short;
  if (!UNPRINTABLE.test(rune)) return rune;
  const code = rune.codePointAt(0) ?? 0;
  // A lone surrogate cannot exist in a Go string; the decoder turned it into the replacement character.
  if (code >= 0xd800 && code <= 0xdfff) return '\uFFFD';
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** A number as fmt's %v writes it: whole numbers of 64 bits as int64, all others as float64. */
export function goNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return value === 0 ? '0' : BigInt(value).toString();
  return goFloat(value);
}

/** A float64 as fmt's %v writes it: shortest digits, an exponent below 1e-4 and from 1e6. */
export function goFloat(value: number): string {
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** A number as encoding/json writes it (exponents from 1e21 and below 1e-6). */
function jsonNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return value === 0 ? '0' : BigInt(value).toString();
  return String(value)
    .replace(/e-(\d)$/, 'e-0$1')
    .replace('e-0', 'e-');
}

/** `value` as encoding/json writes it: keys sorted, no spaces, <, > and & escaped. */
export function goJson(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return jsonString(value);
  if (typeof value === 'number') return Number.isFinite(value) ? jsonNumber(value) : 'null';
  if (typeof value === 'boolean' || typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map((item) => goJson(item)).join(',')}]`;
  if (typeof value === 'object') {
    // A Map stands for a Go struct, whose fields keep their order.
    if (value instanceof Map) return `{${Array.from(value, ([key, item]) => `${jsonString(String(key))}:${goJson(item)}`).join(',')}}`;
    const entries = Object.entries(value).sort(([a], [b]) => compareStrings(a, b));
    return `{${entries.map(([key, item]) => `${jsonString(key)}:${goJson(item)}`).join(',')}}`;
  }
  return 'null';
}

function jsonString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Order of Go strings for well-formed text: by code point, which UTF-16 order is not. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      // Surrogates stand for code points above every other code unit.
      const xs = x >= 0xd800 && x <= 0xdfff;
      const ys = y >= 0xd800 && y <= 0xdfff;
      if (xs !== ys) return xs ? 1 : -1;
      return x - y;
    }
  }
  return a.length - b.length;
}
