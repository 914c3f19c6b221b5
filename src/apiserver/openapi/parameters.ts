/** The parameters of requests. kubectl looks here for what it may send (dryRun, fieldValidation). */
import type { JsonObject } from '../object.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
}

const query = (name: string, type: Parameter['type'], description: string): Parameter => ({ name, in: 'query', type, description });

export const pretty = query('pretty', 'string', 'true: the answer is printed for people.');
export const nameParameter: Parameter = { name: 'name', in: 'path', type: 'string', description: 'The name of the object.' };
export const namespaceParameter: Parameter = { name: 'namespace', in: 'path', type: 'string', description: 'The namespace of the object.' };

const dryRun = query('dryRun', 'string', 'All: decide and answer, but store nothing.');

export const listParameters: readonly Parameter[] = [
  query('allowWatchBookmarks', 'boolean', 'A watch may send bookmarks.'),
  query('continue', 'string', 'Where the page before this one ended.'),
  query('fieldSelector', 'string', 'Only objects whose fields match.'),
  query('labelSelector', 'string', 'Only objects whose labels match.'),
  query('limit', 'integer', 'The most objects of one page.'),
  query('resourceVersion', 'string', 'The version of the store to list, or to watch from.'),
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  query('sendInitialEvents', 'boolean', 'A watch first sends what is there.'),
  query('timeoutSeconds', 'integer', 'When to end a list or watch.'),
  query('watch', 'boolean', 'Watch for changes instead of listing.'),
];

export const writeParameters: readonly Parameter[] = [
  dryRun,
  query('fieldManager', 'string', 'The name under which the fields set are held.'),
  query('fieldValidation', 'string', 'What to do about unknown or doubled fields: Ignore, Warn or Strict.'),
];

export const patchParameters: readonly Parameter[] = [
  ...writeParameters,
  query('force', 'boolean', 'An apply takes fields that others hold.'),
];

export const deleteParameters: readonly Parameter[] = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Seconds the object is given to end.'),
  query('orphanDependents', 'boolean', 'Older form of propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of the objects it owns: Orphan, Background or Foreground.'),
];

/** A parameter as OpenAPI v3 writes it. */
export function parameterV3({ name, in: place, type, description }: Parameter): JsonObject {
  return { name, in: place, description, ...(place === 'path' && { required: true }), schema: { type, uniqueItems: true } };
}

/** A parameter as Swagger 2.0 writes it. */
export function parameterV2({ name, in: place, type, description }: Parameter): JsonObject {
  return { name, in: place, description, ...(place === 'path' && { required: true }), type, uniqueItems: true };
}
