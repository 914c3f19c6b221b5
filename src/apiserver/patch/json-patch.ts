/**
 * JSON patch, RFC 6902, with the liberties kube-apiserver takes: an index counts from the end when negative, `replace` sets a
 * key that is missing, `copy` of a missing key copies null, and `test` for null holds where the key is missing.
 */
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { jsonEqual } from '../schema/equality.ts';
import { setOwn } from '../schema/own.ts';

/** The patch does not fit the document; the message says which operation failed and why. */
export class JsonPatchMismatch extends Error {}

type Container = JsonObject | Json[];

/** `document` changed by `operations`; it is copied first. Throws JsonPatchMismatch when an operation cannot be applied. */
export function applyJsonPatch(document: Json, operations: readonly JsonObject[]): Json {
  // The document hangs in an object of its own, so that replacing the whole is like replacing a part.
  const holder: { root: Json } = { root: structuredClone(document) };
  for (const operation of operations) applyOperation(holder, operation);
  return holder.root;
}

function applyOperation(holder: { root: Json }, operation: JsonObject): void {
  const op = operation.op;
  const path = pointer(operation, 'path');
  switch (op) {
    case 'add':
      add(locate(holder, path), path, valueOf(operation));
      return;
    case 'remove':
      remove(locate(holder, path), path);
      return;
    case 'replace':
      replace(holder, path, valueOf(operation));
      return;
    case 'move': {
      const from = pointer(operation, 'from');
      const source = locate(holder, from);
      const value = read(source, from);
      remove(source, from);
      add(locate(holder, path), path, value ?? null);
      return;
    }
    case 'copy': {
      const from = pointer(operation, 'from');
      const value = read(locate(holder, from), from) ?? null;
      add(locate(holder, path), path, structuredClone(value));
      return;
    }
    case 'test': {
      const actual = path === '' ? holder.root : (read(locate(holder, path), path) ?? null);
      if (!jsonEqual(actual, valueOf(operation))) throw new JsonPatchMismatch(`testing value ${path} failed`);
      return;
    }
    default:
      throw new JsonPatchMismatch(`unexpected kind ${JSON.stringify(op ?? null)}`);
  }
}

const valueOf = (operation: JsonObject): Json => (Object.hasOwn(operation, 'value') ? structuredClone(operation.value ?? null) : null);

function pointer(operation: JsonObject, key: 'path' | 'from'): string {
  const value = Object.hasOwn(operation, key) ? operation[key] : undefined;
  if (typeof value !== 'string') throw new JsonPatchMismatch(`operation has no ${key}`);
  return value;
}

const unescape = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~');

interface Location {
  readonly container: Container;
  readonly key: string;
}

/** The object or list that the last token of `path` is a key of. */
function locate(holder: { root: Json }, path: string): Location {
  const tokens = path.split('/').map(unescape);
  if (tokens.length < 2 || path[0] !== '/') throw new JsonPatchMismatch(`doc is missing path: ${JSON.stringify(path)}`);
  let node: Json | undefined = holder.root;
  for (const token of tokens.slice(1, -1)) node = isContainer(node) ? child(node, token) : undefined;
  if (!isContainer(node)) throw new JsonPatchMismatch(`doc is missing path: ${JSON.stringify(path)}`);
  return { container: node, key: tokens.at(-1) ?? '' };
}

const isContainer = (value: Json | undefined): value is Container => Array.isArray(value) || isJsonObject(value);

function child(container: Container, key: string): Json | undefined {
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  const index = indexOf(key, container.length);
  return index !== undefined && index < container.length ? container[index] : undefined;
}

/** The index that `key` means in a list of `length`; undefined when it is none or before the start. */
function indexOf(key: string, length: number): number | undefined {
  if (!/^[+-]?\d+$/.test(key)) return undefined;
  const index = Number(key);
  const counted = index < 0 ? index + length : index;
  return counted < 0 ? undefined : counted;
}

/** The value at a location; undefined for a missing key of an object. A list has to have the index. */
function read({ container, key }: Location, path: string): Json | undefined {
  const value = child(container, key);
  if (value === undefined && Array.isArray(container)) throw new JsonPatchMismatch(`invalid index in path ${path}`);
  return value;
}

function add({ container, key }: Location, path: string, value: Json): void {
  if (!Array.isArray(container)) {
    setOwn(container, key, value);
    return;
  }
  const index = key === '-' ? container.length : indexOf(key, container.length + 1);
  if (index === undefined || index > container.length) throw new JsonPatchMismatch(`error in add for path: ${path}`);
  container.splice(index, 0, value);
}

function remove(location: Location, path: string): void {
  const { container, key } = location;
  if (read(location, path) === undefined) throw new JsonPatchMismatch(`unable to remove nonexistent key: ${path}`);
  if (Array.isArray(container)) container.splice(indexOf(key, container.length) ?? 0, 1);
  else Reflect.deleteProperty(container, key);
}

function replace(holder: { root: Json }, path: string, value: Json): void {
  if (path === '') {
    if (!isContainer(value)) throw new JsonPatchMismatch('replace operation value must be object or array');
    holder.root = value;
    return;
  }
  const location = locate(holder, path);
  read(location, path);
  const { container, key } = location;
  if (Array.isArray(container)) container[indexOf(key, container.length) ?? 0] = value;
  else setOwn(container, key, value);
}
