/** Whether a schema can be read as a structural one at all; one that cannot is refused for its keywords alone. */
import { isJsonObject } from '../../object.ts';
import type { Json, JsonObject } from '../../object.ts';
import { listOf, objectOf, textOf } from './read.ts';

/** False where any node has a keyword the structural form has no place for. */
export function isReadable(json: JsonObject): boolean {
  if (textOf(json, 'id') !== '' || textOf(json, '$schema') !== '' || textOf(json, '$ref') !== '') return false;
  if (['patternProperties', 'dependencies', 'definitions'].some((field) => Object.keys(objectOf(json, field) ?? {}).length > 0))
    return false;
  if ((json['additionalItems'] ?? null) !== null || listOf(json, 'items').length > 0) return false;
  if (json['x-kubernetes-preserve-unknown-fields'] === false) return false;
  const children: (Json | undefined)[] = [
    json['items'],
    json['additionalProperties'],
    json['not'],
    ...Object.values(objectOf(json, 'properties') ?? {}),
    ...['allOf', 'oneOf', 'anyOf'].flatMap((junctor) => listOf(json, junctor)),
  ];
  return children.every((child) => !isJsonObject(child) || isReadable(child));
}
