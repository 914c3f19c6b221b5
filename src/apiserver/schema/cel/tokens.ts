/** Identifiers of a CEL expression, found without parsing it: texts in quotes and comments are skipped. */

export interface Identifier {
  readonly name: string;
  readonly start: number;
  /** Behind a dot: a field or a method. */
  readonly member: boolean;
  /** Before an opening parenthesis. */
  readonly called: boolean;
}

const TOKEN =
  /\/\/[^\n]*|[rRbB]{0,2}(?:"""[^]*?"""|'''[^]*?''')|([rRbB]{0,2})(?:"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*')|\d[\w.]*|([A-Za-z_]\w*)|[^\s\w]/g;
const RAW = /[rR][bB]?(?:"[^"\n]*"|'[^'\n]*')/y;

/** Every identifier of `source`, in order. */
export function identifiers(source: string): Identifier[] {
  const found: Identifier[] = [];
  let previous = '';
  const pattern = new RegExp(TOKEN.source, 'g');
  for (let match = pattern.exec(source); match !== null; match = pattern.exec(source)) {
    const [token, prefix, name] = match;
    if (prefix !== undefined && /r/i.test(prefix)) {
      // A backslash escapes nothing in a raw text.
      const raw = new RegExp(RAW.source, 'y');
      raw.lastIndex = match.index;
      if (raw.test(source)) pattern.lastIndex = raw.lastIndex;
    }
    if (name !== undefined) {
      found.push({ name, start: match.index, member: previous === '.', called: /^\s*\(/.test(source.slice(match.index + name.length)) });
    }
    if (!token.startsWith('//') && !(token === '?' && previous === '.')) previous = token;
  }
  return found;
}

/** Whether an expression reads the variable `name`. */
export function usesVariable(source: string, name: string): boolean {
  return identifiers(source).some((identifier) => identifier.name === name && !identifier.member);
}

/** `source` with called functions and methods renamed. */
export function renameCalls(source: string, names: ReadonlyMap<string, string>): string {
  let out = '';
  let at = 0;
  for (const { name, start, called } of identifiers(source)) {
    const renamed = called ? names.get(name) : undefined;
    if (renamed === undefined) continue;
    out += source.slice(at, start) + renamed;
    at = start + name.length;
  }
  return out + source.slice(at);
}
