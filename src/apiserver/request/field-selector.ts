/** Field selectors: `metadata.name=a,spec.nodeName!=b`; `\,`, `\=` and `\\` are literal. */
import { badRequest } from '../status.ts';

interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

export interface FieldSelector {
  /** The one name selected by `metadata.name=`, if any. */
  readonly name: string | undefined;
  readonly fields: readonly string[];
  matches(fields: Readonly<Record<string, string>>): boolean;
}

/**
 * Parses a fieldSelector parameter; undefined when it is empty.
 * @throws StatusError 400 when malformed, or when it names a field that is not in `selectable`.
 */
export function parseFieldSelector(text: string, selectable: readonly string[], custom: boolean): FieldSelector | undefined {
  const requirements = split(text)
    .filter((term) => term !== '')
    .map((term) => parseTerm(term, text));
  if (requirements.length === 0) return undefined;
  for (const { field } of requirements) {
    if (field === 'metadata.name' || field === 'metadata.namespace' || selectable.includes(field)) continue;
    throw badRequest(
      custom || selectable.length > 0
        ? `field label not supported: ${field}`
        : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  return {
    name: requirements.find(({ field, equal }) => field === 'metadata.name' && equal)?.value,
    fields: requirements.map(({ field }) => field),
    matches: (fields) => requirements.every(({ field, equal, value }) => ((fields[field] ?? '') === value) === equal),
  };
}

function split(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function parseTerm(term: string, whole: string): FieldRequirement {
  for (let i = 0; i < term.length; i += 1) {
    const rest = term.slice(i);
    if (rest.startsWith('\\')) {
      i += 1;
      continue;
    }
    const operator = ['!=', '==', '='].find((candidate) => rest.startsWith(candidate));
    if (operator === undefined) continue;
    return { field: term.slice(0, i), equal: operator !== '!=', value: unescape(rest.slice(operator.length)) };
  }
  throw badRequest(`invalid selector: '${whole}'; can't understand '${term}'`);
}

function unescape(value: string): string {
  let result = '';
  for (let i = 0; i < value.length; i += 1) {
    const character = value[i] ?? '';
    if (character === '\\') {
      i += 1;
      const next = value[i] ?? '';
      if (next !== '\\' && next !== ',' && next !== '=') throw badRequest(`invalid field selector: invalid escape sequence: \\${next}`);
      result += next;
    } else if (character === '=' || character === ',') {
      throw badRequest(`invalid field selector: unescaped character in value ${JSON.stringify(value)}`);
    } else result += character;
  }
  return result;
}
