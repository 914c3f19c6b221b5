/** coordination.k8s.io/v1 Lease: what leader election and node heartbeats are made of. */
import { invalid, type FieldError } from '../field-error.ts';
import type { KubeObject } from '../object.ts';
import { age } from './age.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { objectAt, textAt } from './fields.ts';
import { microTimeSchema, topLevel } from './meta-schema.ts';
import type { BuiltinResource } from './resource.ts';
import { always, int32, struct, text, use } from './type-builders.ts';

const schema = topLevel(
  'io.k8s.api.coordination.v1.Lease',
  { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' },
  'A lease: who holds something for how long.',
  {
    spec: always(
      struct('io.k8s.api.coordination.v1.LeaseSpec', 'Who holds a lease and until when.', {
        acquireTime: use(microTimeSchema, 'When the holder took the lease.'),
        holderIdentity: text('The name of the holder; empty when nobody holds it.', { keepZero: true }),
        leaseDurationSeconds: int32('How many seconds after renewTime others have to wait before they may take it.', { keepZero: true }),
        leaseTransitions: int32('How often the lease changed hands.', { keepZero: true }),
        preferredHolder: text('To whom the holder should hand over; needs a strategy.', { keepZero: true }),
        renewTime: use(microTimeSchema, 'When the holder last renewed the lease.'),
        strategy: text('How the next holder is picked under coordinated leader election.', { keepZero: true }),
      }),
      'Who holds the lease and until when.',
    ),
  },
);

/** Coordinated leader election is off, as it is by default: its fields are dropped where they are not there already. */
function prepare(object: KubeObject, _subresource: string, old?: KubeObject): void {
  const [spec, oldSpec] = [objectAt(object, 'spec'), objectAt(old ?? {}, 'spec')];
  for (const field of ['strategy', 'preferredHolder']) if (!Object.hasOwn(oldSpec, field)) Reflect.deleteProperty(spec, field);
}

function validate(object: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const spec = objectAt(object, 'spec');
  const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec;
  if (typeof duration === 'number' && duration <= 0) {
    errors.push(invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
  }
  if (typeof transitions === 'number' && transitions < 0) {
    errors.push(invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  return errors;
}

export const leaseResource: BuiltinResource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  listKind: 'LeaseList',
  plural: 'leases',
  singular: 'lease',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [],
  storage: 'leases.coordination.k8s.io',
  schema,
  hasGeneration: false,
  createOnUpdate: true,
  unconditionalUpdate: false,
  columns: [nameColumn(), column('Holder', 'The name of the holder.'), ageColumn],
  row: (object, now) => [
    object.metadata.name,
    textAt(objectAt(object, 'spec'), 'holderIdentity'),
    age(object.metadata.creationTimestamp, now),
  ],
  selectableFields: [],
  selectedFields: () => ({}),
  applyDefaults: () => undefined,
  prepare,
  validate,
  toStorage: (object) => object,
  fromStorage: (object) => object,
};
