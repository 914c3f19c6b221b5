/**
 * One step of a path into an object, as FieldsV1 writes it: `f:<name>` a field or map key, `k:<JSON of the keys>` a list item by
 * its keys, `v:<JSON>` a list item by its value, `i:<index>` a list item by its place. Equal steps have equal texts.
 */
import type { Json, JsonObject } from '../object.ts';
import { compareStrings, goJson, goNumber, goQuote } from '../schema/go-format.ts';

export type PathElement = string;

export const fieldElement = (name: string): PathElement => `f:${name}`;
export const valueElement = (value: Json): PathElement => `v:${goJson(value)}`;
export const keyElement = (keys: JsonObject): PathElement => `k:${goJson(keys)}`;

/** The field's name when the step is one into a field. */
export function fieldName(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

/** The step in its one spelling; undefined when `text` is none. */
export function parseElement(text: string): PathElement | undefined {
  const [kind, rest] = [text.slice(0, 2), text.slice(2)];
  switch (kind) {
    case 'f:':
      return text;
    case 'i:':
      return /^-?\d+$/.test(rest) ? text : undefined;
    case 'k:':
    case 'v:': {
      try {
        return `${kind}${goJson(JSON.parse(rest))}`;
      } catch {
        // Not JSON: no step. The caller refuses the whole set.
        return undefined;
      }
    }
    default:
      return undefined;
  }
}

/** The step as messages print it: `.name`, `[type="Ready"]`, `[="value"]`, `[3]`. */
export function describeElement(element: PathElement): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${rest}`;
    case 'k': {
      const keys = JSON.parse(rest) as JsonObject;
      return `[${Object.entries(keys)
        .map(([name, value]) => `${name}=${describeValue(value)}`)
        .join(',')}]`;
    }
    case 'v':
      return `[=${describeValue(JSON.parse(rest) as Json)}]`;
    default:
      return `[${rest}]`;
  }
}

function describeValue(value: Json): string {
  if (typeof value === 'string') return goQuote(value);
  return typeof value === 'number' ? goNumber(value) : goJson(value);
}

/** The path as messages print it. */
export function describePath(path: readonly PathElement[]): string {
  return path.map(describeElement).join('');
}

const order = 'fkvi';

/** Fields first, then items by keys, by value and by place; each kind by its text. */
export function compareElements(a: PathElement, b: PathElement): number {
  const kinds = order.indexOf(a.charAt(0)) - order.indexOf(b.charAt(0));
  return kinds === 0 ? compareStrings(a, b) : kinds;
}
