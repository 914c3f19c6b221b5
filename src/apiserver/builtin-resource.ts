/** A built-in resource as the request handlers see it. */
import { decodeBuiltin } from './builtin/decode.ts';
import type { BuiltinResource } from './builtin/resource.ts';
import { apiVersionOf, type Resource } from './resource.ts';
import { checkDns1123Label, checkDns1123Subdomain } from './schema/names.ts';

// Raise when a built-in schema changes in a way that stored texts must follow.
const schemaRevision = 1;

/** Wraps `builtin` for the handlers. */
export function serveBuiltin(builtin: BuiltinResource): Resource {
  const tag = `${apiVersionOf(builtin)}/${builtin.kind}/builtin-${schemaRevision}`;
  const isStored = builtin.storage !== 'events' || builtin.group === '';
  return {
    ...builtin,
    custom: false,
    tag,
    storageTag: isStored ? tag : '',
    hasStatus: builtin.subresources.some(({ name }) => name === 'status'),
    collectable: builtin.storage !== 'events',
    returnsDeleted: builtin.storage === 'namespaces',
    checkName: builtin.storage === 'namespaces' ? checkDns1123Label : checkDns1123Subdomain,
    decode: (object) => decodeBuiltin(object, builtin.schema),
    views: new WeakMap(),
    fields: new WeakMap(),
  };
}
