/** A built-in resource as the request handlers see it. */
import { decodeBuiltin } from './builtin/decode.ts';
import type { BuiltinResource } from './builtin/resource.ts';
import { crdStorage } from './custom/crd-hooks.ts';
import { apiVersionOf, type Resource } from './resource.ts';
import { defaultCustomResourceDefinition, validateCustomResourceDefinition } from './schema/crd.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkPathSegment } from './schema/names.ts';

// Raise when a built-in schema changes in a way that stored texts must follow.
const schemaRevision = 1;

const nameChecks: Readonly<Record<string, (name: string) => string[]>> = { namespaces: checkDns1123Label, events: checkPathSegment };

/** Wraps `builtin` for the handlers. */
export function serveBuiltin(builtin: BuiltinResource): Resource {
  const tag = `${apiVersionOf(builtin)}/${builtin.kind}/builtin-${schemaRevision}`;
  const isCrd = builtin.storage === crdStorage;
  const isStored = builtin.storage !== 'events' || builtin.group === '';
  return {
    ...builtin,
    custom: false,
    tag,
    storageTag: isStored ? tag : '',
    hasStatus: builtin.subresources.some(({ name }) => name === 'status'),
    collectable: builtin.storage !== 'events',
    returnsDeleted: builtin.storage === 'namespaces',
    checkName: nameChecks[builtin.storage] ?? checkDns1123Subdomain,
    decode(object) {
      const unknown = decodeBuiltin(object, builtin.schema);
      if (isCrd) defaultCustomResourceDefinition(object);
      builtin.applyDefaults(object);
      return unknown;
    },
    validate: (object, subresource, old) =>
      isCrd ? validateCustomResourceDefinition(object, old) : builtin.validate(object, subresource, old),
    views: new WeakMap(),
    rows: new WeakMap(),
    fields: new WeakMap(),
  };
}
