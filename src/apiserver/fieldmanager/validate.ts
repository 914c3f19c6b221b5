/** Whether an applied configuration fits its schema, in the words of structured-merge-diff. */
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { goNumber } from '../schema/go-format.ts';
import { goPlain } from '../patch/go-plain.ts';
import { describeElement, fieldElement, type PathElement } from './path-element.ts';
import { fieldOf, itemElement, resolve, UnkeyedItem, type ListAtom, type MapAtom, type TypeRef } from './type-ref.ts';

/** What does not fit, as `path: message`; empty when all does. */
export function validateTyped(value: Json, ref: TypeRef): string[] {
  const errors: string[] = [];
  visit(errors, value, ref, '');
  return errors;
}

/** Several errors as one text. */
export function joinErrors(errors: readonly string[]): string {
  return errors.length === 1 ? (errors[0] ?? '') : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
}

const report = (errors: string[], path: string, message: string): void => {
  errors.push(path === '' ? message : `${path}: ${message}`);
};

function visit(errors: string[], value: Json, ref: TypeRef, path: string): void {
  if (value === null) return;
  const atom = resolve(ref, value);
  switch (atom.kind) {
    case 'scalar': {
      const complaint = scalarComplaint(atom.type, value);
      if (complaint !== undefined) report(errors, path, complaint);
      return;
    }
    case 'list':
      if (Array.isArray(value)) visitItems(errors, value, atom, path);
      else report(errors, path, `expected list, got ${goPointer(value)}`);
      return;
    case 'map':
      if (isJsonObject(value)) visitFields(errors, value, atom, path);
      else report(errors, path, `expected map, got ${goPointer(value)}`);
  }
}

function scalarComplaint(type: string, value: Json): string | undefined {
  switch (type) {
    case 'integer':
    case 'number':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goTypeName(value)}`;
    case 'string':
      return typeof value === 'string' ? undefined : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${goPointer(value)}`;
    default:
      return typeof value === 'object' ? `expected any scalar, got ${goPointer(value)}` : undefined;
  }
}

function visitItems(errors: string[], items: Json[], list: ListAtom, path: string): void {
  const seen = new Set<PathElement>();
  for (const [index, item] of items.entries()) {
    let element: PathElement = `i:${index}`;
    if (list.associative) {
      try {
        element = itemElement(list, item);
      } catch (error) {
        if (!(error instanceof UnkeyedItem)) throw error;
        report(errors, path, `element ${index}: ${error.message}`);
        return;
      }
      if (seen.has(element)) report(errors, path, `duplicate entries for key ${describeElement(element)}`);
      seen.add(element);
    }
    visit(errors, item, list.items, path + describeElement(element));
  }
}

function visitFields(errors: string[], object: JsonObject, map: MapAtom, path: string): void {
  for (const [key, value] of Object.entries(object)) {
    const field = fieldOf(map.ref, key);
    const child = path + describeElement(fieldElement(key));
    if (field === undefined) {
      report(errors, child, 'field not declared in schema');
      return;
    }
    visit(errors, value, field.ref, child);
  }
}

const goPointer = (value: Json): string => `&{${goPlain(value)}}`;

/** `value` as Go's %#v prints it. */
function goSyntax(value: Json): string {
  if (value === null) return 'interface {}(nil)';
  if (typeof value === 'number') return goNumber(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${entries.map(([key, item]) => `${JSON.stringify(key)}:${goSyntax(item)}`).join(', ')}}`;
}

function goTypeName(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isJsonObject(value)) return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
