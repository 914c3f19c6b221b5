/** apiextensions.k8s.io/v1 CustomResourceDefinition. Its rules are schema/'s work; names and conditions are the server's. */
import type { KubeObject } from '../object.ts';
import { crdSchema } from './crd-schema.ts';
import { listAt, objectAt, objectsAt, restoreField, textAt } from './fields.ts';
import { nameColumn } from './columns.ts';
import type { BuiltinResource } from './resource.ts';

function prepare(object: KubeObject, subresource: string, old?: KubeObject): void {
  if (old === undefined) object.status = {};
  else if (subresource === 'status') {
    restoreField(object, old, 'spec');
    return;
  } else restoreField(object, old, 'status');
  // Versions that objects may be stored in are remembered for ever, until an admin removes them by hand.
  const status = objectAt(object, 'status');
  const stored = listAt(status, 'storedVersions');
  const storage = objectsAt(objectAt(object, 'spec'), 'versions').find((version) => version.storage === true);
  if (storage === undefined || stored.includes(textAt(storage, 'name'))) return;
  object.status = { ...status, storedVersions: [...stored, textAt(storage, 'name')] };
}

export const crdResource: BuiltinResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  listKind: 'CustomResourceDefinitionList',
  plural: 'customresourcedefinitions',
  singular: 'customresourcedefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  storage: 'customresourcedefinitions.apiextensions.k8s.io',
  schema: crdSchema,
  hasGeneration: true,
  createOnUpdate: false,
  unconditionalUpdate: false,
  columns: [nameColumn(), { name: 'Created At', type: 'date', format: '', description: 'When the object was created.', priority: 0 }],
  row: (object) => [object.metadata.name, object.metadata.creationTimestamp],
  selectableFields: [],
  selectedFields: () => ({}),
  applyDefaults: () => undefined,
  prepare,
  validate: () => [],
  toStorage: (object) => object,
  fromStorage: (object) => object,
};
