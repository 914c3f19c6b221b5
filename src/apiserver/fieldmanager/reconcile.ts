/** Fits the fields of a manager to a schema that has changed since they were written. */
import { newSet, type FieldSet } from './field-set.ts';
import { fieldName, type PathElement } from './path-element.ts';
import { fieldOrUnknown, type TypeRef } from './type-ref.ts';

/**
 * `set` with every field below a list or map that is atomic in the schema replaced by the list or map itself.
 * `ref` is the type of what the set is about.
 */
export function fitToSchema(set: FieldSet, ref: TypeRef): FieldSet {
  const members = new Set(set.members);
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const type = typeBelow(ref, element);
    if (type !== undefined && isAtomic(type)) members.add(element);
    else children.set(element, type === undefined ? child : fitToSchema(child, type));
  }
  return { ...newSet(), members, children };
}

function typeBelow(ref: TypeRef, element: PathElement): TypeRef | undefined {
  const name = fieldName(element);
  if (name !== undefined) return ref.schema === undefined || ref.schema.type === 'array' ? undefined : fieldOrUnknown(ref, name).ref;
  return ref.schema?.items === undefined ? undefined : { schema: ref.schema.items, preserve: ref.preserve };
}

function isAtomic({ schema }: TypeRef): boolean {
  if (schema?.type === 'array') return (schema['x-kubernetes-list-type'] ?? 'atomic') === 'atomic';
  return schema?.type === 'object' && schema['x-kubernetes-map-type'] === 'atomic';
}
