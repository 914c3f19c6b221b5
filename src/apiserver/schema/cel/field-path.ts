/** The simple JSON paths of rules' fieldPath and of selectableFields: `.spec.nodeName`, `.labels['a.b']`. */
import { childPath, keyPath } from '../path.ts';
import { propertySchema, valueSchema } from '../structural.ts';
import type { StructuralSchema } from '../structural.ts';

/** What a path leads to; or what is wrong with it, in the server's words. */
export type ResolvedPath = { readonly path: string; readonly schema: StructuralSchema } | { readonly problem: string };

const TOKEN = /'(?:[^'\\]|\\[^])*'|[.[\]]|[^.[\]']+|'/y;
const ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', "'": "'", '\\': '\\' };

/** Follows `jsonPath` from `schema`; `arrays` tells whether `['name']` may stand in it. */
export function resolveFieldPath(jsonPath: string, schema: StructuralSchema, arrays = true): ResolvedPath {
  const tokens = tokenize(jsonPath);
  let path = '';
  let at = schema;
  for (let i = 0; i < tokens.length;) {
    const token = tokens[i++];
    let name: string;
    if (token === '.') {
      const next = tokens[i++];
      if (next === undefined) return { problem: 'unexpected end of JSON path' };
      name = next;
    } else if (token === '[') {
      if (!arrays) return { problem: 'array notation is not allowed' };
      const quoted = tokens[i++];
      if (quoted === undefined) return { problem: 'unexpected end of JSON path' };
      if (quoted.length < 2 || !quoted.startsWith("'") || !quoted.endsWith("'"))
        return { problem: `expected single quoted string but got ${quoted}` };
      const text = unescape(quoted.slice(1, -1));
      if (text === undefined) return { problem: `invalid string literal: invalid escape char ${/\\./.exec(quoted)?.[0] ?? ''}` };
      name = text;
      const close = tokens[i++];
      if (close === undefined) return { problem: 'unexpected end of JSON path' };
      if (close !== ']') return { problem: `expected ] but got ${close}` };
    } else {
      return { problem: `expected [ or . but got: ${token ?? ''}` };
    }
    const property = at.properties === undefined ? valueSchema(at) : propertySchema(at, name);
    if (property === undefined) return { problem: 'does not refer to a valid field' };
    path = at.properties === undefined ? keyPath(path, name) : childPath(path, name);
    at = property;
  }
  return { path, schema: at };
}

function tokenize(jsonPath: string): string[] {
  const tokens: string[] = [];
  const pattern = new RegExp(TOKEN.source, 'y');
  for (let match = pattern.exec(jsonPath); match !== null; match = pattern.exec(jsonPath)) tokens.push(match[0]);
  return tokens;
}

function unescape(text: string): string | undefined {
  const directives = Array.from(text.matchAll(/\\([^])/g), ([, char = '']) => char);
  if (directives.some((char) => ESCAPES[char] === undefined)) return undefined;
  return text.replace(/\\([^])/g, (_, char: string) => ESCAPES[char] ?? '');
}
