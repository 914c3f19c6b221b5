/** core/v1 Namespace. */
import { invalid, type FieldError } from '../field-error.ts';
import type { KubeObject } from '../object.ts';
import { age } from './age.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { listAt, objectAt, restoreField, textAt } from './fields.ts';
import { timeSchema, topLevel } from './meta-schema.ts';
import type { BuiltinResource } from './resource.ts';
import { always, atomicList, keyedList, requiredText, struct, text, use } from './type-builders.ts';

const CORE = 'io.k8s.api.core.v1';

const schema = topLevel(
  `${CORE}.Namespace`,
  { group: '', version: 'v1', kind: 'Namespace' },
  'A namespace: a scope for names. Deleting it deletes everything in it.',
  {
    spec: always(
      struct(`${CORE}.NamespaceSpec`, 'How a namespace behaves.', {
        finalizers: atomicList(
          { type: 'string', default: '' },
          'Names of those who must empty the namespace before it may go; changed through the finalize subresource.',
          { goType: '[]v1.FinalizerName' },
        ),
      }),
      'How the namespace behaves.',
    ),
    status: always(
      struct(`${CORE}.NamespaceStatus`, 'The state of a namespace.', {
        conditions: keyedList(
          struct(
            `${CORE}.NamespaceCondition`,
            'One aspect of the state of a namespace.',
            {
              lastTransitionTime: use(timeSchema, 'When the status last changed.', { always: true, nullable: true }),
              message: text('The reason, for people.'),
              reason: text('The reason, for programs.'),
              status: requiredText('True, False or Unknown.', 'v1.ConditionStatus'),
              type: requiredText('The aspect.', 'v1.NamespaceConditionType'),
            },
            ['type', 'status'],
          ),
          'type',
          'Aspects of the state, e.g. what holds up the deletion.',
        ),
        phase: text('Active, or Terminating once it is being deleted.', { goType: 'v1.NamespacePhase' }),
      }),
      'The state of the namespace.',
    ),
  },
);

/** The name as a label, so that selectors can name namespaces; and a phase. */
function applyDefaults(object: KubeObject): void {
  const { name } = object.metadata;
  if (Object.hasOwn(object.metadata, 'name') && name !== '')
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': name };
  const status = objectAt(object, 'status');
  if (textAt(status, 'phase') === '') object.status = { ...status, phase: 'Active' };
}

function prepare(object: KubeObject, subresource: string, old?: KubeObject): void {
  if (old === undefined) {
    object.status = { phase: 'Active' };
    const finalizers = listAt(objectAt(object, 'spec'), 'finalizers');
    if (!finalizers.includes('kubernetes')) object.spec = { ...objectAt(object, 'spec'), finalizers: [...finalizers, 'kubernetes'] };
  } else if (subresource === 'status') {
    restoreField(object, old, 'spec');
  } else {
    if (subresource === '') restoreField(object, old, 'spec');
    restoreField(object, old, 'status');
  }
  applyDefaults(object);
}

function validate(object: KubeObject, subresource: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, finalizer] of listAt(objectAt(object, 'spec'), 'finalizers').entries()) {
    const field = subresource === 'finalize' ? `spec.finalizers[${index}]` : 'spec.finalizers';
    if (typeof finalizer !== 'string' || finalizer.includes('/') || standardFinalizers.has(finalizer)) continue;
    errors.push(invalid(field, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'));
  }
  if (subresource === 'status') {
    const phase = textAt(objectAt(object, 'status'), 'phase');
    const deleting = object.metadata.deletionTimestamp !== undefined;
    if (!deleting && phase !== 'Active') {
      errors.push(invalid('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty"));
    }
    if (deleting && phase !== 'Terminating') {
      errors.push(invalid('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty"));
    }
  }
  return errors;
}

const standardFinalizers: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

export const namespaceResource: BuiltinResource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  listKind: 'NamespaceList',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  categories: [],
  namespaced: false,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [
    { name: 'finalize', verbs: ['update'] },
    { name: 'status', verbs: ['get', 'patch', 'update'] },
  ],
  storage: 'namespaces',
  schema,
  hasGeneration: false,
  createOnUpdate: false,
  unconditionalUpdate: true,
  columns: [nameColumn(), column('Status', 'The state of the namespace.'), ageColumn],
  row: (object, now) => [object.metadata.name, textAt(objectAt(object, 'status'), 'phase'), age(object.metadata.creationTimestamp, now)],
  selectableFields: ['name', 'status.phase'],
  selectedFields: (object) => ({ name: object.metadata.name, 'status.phase': textAt(objectAt(object, 'status'), 'phase') }),
  applyDefaults,
  prepare,
  validate,
  toStorage: (object) => object,
  fromStorage: (object) => object,
};
