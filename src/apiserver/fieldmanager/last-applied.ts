/** How server-side apply takes over from kubectl's client-side apply, which keeps what it applied in an annotation. */
import { isJsonObject, type Json, type JsonObject, type KubeObject } from '../object.ts';
import { goJson } from '../schema/go-format.ts';
import { compare } from './compare.ts';
import { difference, emptySet, type FieldSet } from './field-set.ts';
import { toFieldSet } from './to-field-set.ts';
import { UnkeyedItem, type TypeRef } from './type-ref.ts';
import { validateTyped } from './validate.ts';

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The fields that client-side apply set and that are still as it set them: server-side apply may take them without force. */
export function clientSideApplied(live: KubeObject, ref: TypeRef): FieldSet {
  const text = live.metadata.annotations?.[lastAppliedAnnotation];
  if (text === undefined || text === '') return emptySet;
  const applied = parse(text);
  if (!isJsonObject(applied) || applied.apiVersion !== live.apiVersion || validateTyped(applied, ref).length > 0) return emptySet;
  try {
    const changes = compare(applied, live, ref);
    const fields = difference(toFieldSet(applied, ref), changes.modified);
    return difference(difference(fields, changes.added), changes.removed);
  } catch (error) {
    if (error instanceof UnkeyedItem) return emptySet;
    throw error;
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Somebody edited the annotation by hand: then it proves nothing.
    return null;
  }
}

/** The annotation's text for a configuration: JSON as Go writes it, without the annotation itself. */
export function lastAppliedText(applied: JsonObject): string {
  const copy = structuredClone(applied);
  if (isJsonObject(copy.metadata) && isJsonObject(copy.metadata.annotations)) {
    Reflect.deleteProperty(copy.metadata.annotations, lastAppliedAnnotation);
  }
  return `${goJson(copy)}\n`;
}
