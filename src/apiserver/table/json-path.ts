/**
 * The JSONPath of additionalPrinterColumns: `.spec.a`, `['b.c']`, `[0]`, `[*]`, `[-1]`, `[?(@.type=="Ready")]`, `..name`, slices
 * and unions, as k8s.io/client-go/util/jsonpath reads simple paths.
 */
import { isJsonObject, type Json } from '../object.ts';

type Step = (values: readonly Json[]) => Json[];

/** A path ready for use: answers every value it leads to, in order. */
export type JsonPath = (root: Json) => Json[];

/** Reads a path, with or without `{}` and the leading dot. @throws SyntaxError */
export function parseJsonPath(text: string): JsonPath {
  const inner = /^\{(.*)\}$/s.exec(text.trim())?.[1] ?? text.trim();
  const steps = parseSteps(inner.startsWith('$') ? inner.slice(1) : inner);
  return (root) => {
    let values: Json[] = [root];
    for (const step of steps) {
      values = step(values);
      if (values.length === 0) break;
    }
    return values;
  };
}

function parseSteps(text: string): Step[] {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const field = /^\.?((?:\\.|[^.[\]\\])+)/s.exec(rest);
    if (rest.startsWith('..')) {
      steps.push((values) => values.flatMap(descendants));
      rest = rest.slice(rest[2] === '[' ? 2 : 1);
    } else if (rest.startsWith('[')) {
      const end = bracketEnd(rest);
      steps.push(bracketStep(rest.slice(1, end)));
      rest = rest.slice(end + 1);
    } else if (rest.startsWith('.[')) {
      rest = rest.slice(1);
    } else if (rest === '.') {
      rest = '';
    } else if (field !== null) {
      const name = (field[1] ?? '').replaceAll(/\\(.)/gs, '$1');
      steps.push(name === '*' ? (values) => values.flatMap(children) : fieldStep(name));
      rest = rest.slice(field[0].length);
    } else {
      throw new SyntaxError(`unexpected ${JSON.stringify(rest)} in the path ${JSON.stringify(text)}`);
    }
  }
  return steps;
}

/** The index of the bracket that closes the one at 0, quotes respected. */
function bracketEnd(text: string): number {
  let quote = '';
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i] ?? '';
    if (quote !== '') {
      if (character === '\\') i += 1;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '[') depth += 1;
    else if (character === ']') {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  throw new SyntaxError(`unterminated array in ${JSON.stringify(text)}`);
}

function bracketStep(inner: string): Step {
  const filter = /^\?\((.*)\)$/s.exec(inner.trim());
  if (filter !== null) return filterStep(filter[1] ?? '');
  const parts = inner.split(',').map((part) => part.trim());
  const steps = parts.map((part) => elementStep(part, inner));
  return (values) => steps.flatMap((step) => step(values));
}

function elementStep(part: string, whole: string): Step {
  if (part === '*') return (values) => values.flatMap(children);
  const quoted = /^(['"])(.*)\1$/s.exec(part);
  if (quoted !== null) return fieldStep((quoted[2] ?? '').replaceAll(/\\(.)/gs, '$1'));
  if (/^-?\d+$/.test(part)) {
    const index = Number(part);
    return (values) => values.flatMap((value) => (Array.isArray(value) ? one(value.at(index)) : []));
  }
  const slice = /^(-?\d*):(-?\d*)$/.exec(part);
  if (slice !== null) {
    const from = slice[1] === '' ? 0 : Number(slice[1]);
    const to = slice[2] === '' ? undefined : Number(slice[2]);
    return (values) => values.flatMap((value) => (Array.isArray(value) ? value.slice(from, to) : []));
  }
  throw new SyntaxError(`invalid array index ${JSON.stringify(whole)}`);
}

function filterStep(expression: string): Step {
  const match = /^\s*@(.*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?))?\s*$/s.exec(expression);
  if (match === null) throw new SyntaxError(`invalid filter ${JSON.stringify(expression)}`);
  const path = parseJsonPath(match[1] ?? '');
  const operator = match[2];
  const wanted = operator === undefined ? undefined : literal(match[3] ?? '', expression);
  return (values) =>
    values.flatMap((value) =>
      children(value).filter((item) => {
        const [actual] = path(item);
        if (operator === undefined) return actual !== undefined;
        return actual !== undefined && compare(actual, operator, wanted ?? null);
      }),
    );
}

function literal(text: string, expression: string): Json {
  const quoted = /^(['"])(.*)\1$/s.exec(text);
  if (quoted !== null) return quoted[2] ?? '';
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new SyntaxError(`invalid literal in the filter ${JSON.stringify(expression)}`);
}

function compare(actual: Json, operator: string, wanted: Json): boolean {
  if (operator === '==') return actual === wanted;
  if (operator === '!=') return actual !== wanted;
  if (typeof actual !== typeof wanted || actual === null || wanted === null) return false;
  if (operator === '<') return actual < wanted;
  if (operator === '<=') return actual <= wanted;
  return operator === '>' ? actual > wanted : actual >= wanted;
}

function fieldStep(name: string): Step {
  return (values) => values.flatMap((value) => (isJsonObject(value) && Object.hasOwn(value, name) ? one(value[name]) : []));
}

function one(value: Json | undefined): Json[] {
  return value === undefined ? [] : [value];
}

function children(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) ? Object.values(value) : [];
}

function descendants(value: Json): Json[] {
  return [value, ...children(value).flatMap(descendants)];
}
