/** The named character classes of Go's patterns, as members of a JavaScript class in v mode. */

/** `[:alpha:]` and its kin. */
export const POSIX_CLASSES: ReadonlyMap<string, string> = new Map([
  ['alnum', '0-9A-Za-z'],
  ['alpha', 'A-Za-z'],
  ['ascii', '\\x00-\\x7f'],
  ['blank', '\\t\\x20'],
  ['cntrl', '\\x00-\\x1f\\x7f'],
  ['digit', '0-9'],
  ['graph', '\\x21-\\x7e'],
  ['lower', 'a-z'],
  ['print', '\\x20-\\x7e'],
  ['punct', '\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e'],
  ['space', '\\t\\n\\v\\f\\r\\x20'],
  ['upper', 'A-Z'],
  ['word', '0-9A-Za-z_'],
  ['xdigit', '0-9A-Fa-f'],
]);

/** `\\d` and its kin, which are ASCII in Go. */
export const PERL_CLASSES: ReadonlyMap<string, string> = new Map([
  ['d', '[0-9]'],
  ['D', '[^0-9]'],
  ['s', '[\\t\\n\\f\\r\\x20]'],
  ['S', '[^\\t\\n\\f\\r\\x20]'],
  ['w', '[0-9A-Za-z_]'],
  ['W', '[^0-9A-Za-z_]'],
]);

/** Letters that stand for control characters behind a backslash. */
export const CONTROL_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
]);

/** A character by its code, never to be taken for syntax. */
export function escapeCode(code: number): string {
  const char = String.fromCodePoint(code);
  return /^[0-9A-Za-z_]$/.test(char) ? char : `\\u{${code.toString(16)}}`;
}
