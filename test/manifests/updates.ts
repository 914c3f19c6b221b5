/** Changes of MdevDevices: what may change, and each immutable field; and writes of their status. */
import {
  accepted,
  badRequest,
  device,
  goodSpec,
  invalid,
  type Manifest,
  type ManifestCase,
  type Refused,
  uuid,
  withStatus,
} from './case.ts';

const change = (name: string, from: Manifest, to: Manifest, expected: ManifestCase['expected']): ManifestCase => ({
  name,
  before: device(goodSpec(from)),
  manifest: device(goodSpec(to)),
  expected,
});
const frozen = (name: string, from: Manifest, to: Manifest, mentions: string): ManifestCase => change(name, from, to, invalid(mentions));
const status = (name: string, value: unknown, expected: ManifestCase['expected']): ManifestCase => ({
  name,
  before: device(goodSpec()),
  manifest: withStatus(device(goodSpec()), value),
  expected,
  subresource: 'status',
});
const badStatus = (name: string, value: unknown, mentions: string): ManifestCase => status(name, value, invalid(mentions));
const badCondition = (name: string, more: Manifest, mentions: string): ManifestCase =>
  badStatus(name, { conditions: [{ ...condition('Ready'), ...more }] }, mentions);

function condition(type: string): Manifest {
  return { type, status: 'True', reason: 'Ready', message: 'It is.', lastTransitionTime: '2026-01-02T03:04:05Z' };
}
const allocation = { nodeName: 'node-1', parentName: 'node-1-mtty-1a2b', typeID: 'mtty-1' };
const unknown = (mentions: string): Refused => badRequest(mentions);

export const deviceUpdates: readonly ManifestCase[] = [
  change('going offline', {}, { online: false }, accepted),
  change('a change of reclaimPolicy', { reclaimPolicy: 'Delete' }, { reclaimPolicy: 'Retain' }, accepted),
  change('taking reclaimPolicy away', { reclaimPolicy: 'Retain' }, {}, accepted),
  change('no change at all', { uuid, group: 'a' }, { uuid, group: 'a' }, accepted),
  change('writing a default out', {}, { placement: 'Compact', adopt: false, online: true }, accepted),
  frozen('another type id', {}, { type: { id: 'nvidia-12' } }, 'spec.type'),
  frozen('the type by name instead of id', {}, { type: { name: 'GRID M60-0B' } }, 'spec.type'),
  frozen('another UUID', { uuid }, { uuid: uuid.replace('1', '2') }, 'spec'),
  frozen('a UUID added', {}, { uuid }, 'spec'),
  frozen('a UUID taken away', { uuid }, {}, 'spec'),
  frozen('the UUID in other case', { uuid }, { uuid: uuid.toUpperCase() }, 'spec'),
  frozen('another node', { nodeName: 'node-1' }, { nodeName: 'node-2' }, 'spec'),
  frozen('a node added', {}, { nodeName: 'node-1' }, 'spec'),
  frozen('a nodeSelector added', {}, { nodeSelector: { a: 'b' } }, 'spec'),
  frozen('another nodeSelector', { nodeSelector: { a: 'b' } }, { nodeSelector: { a: 'c' } }, 'spec'),
  frozen('another parent', { parent: { name: 'a' } }, { parent: { name: 'b' } }, 'spec'),
  frozen('the parent taken away', { parent: { name: 'a' } }, {}, 'spec'),
  frozen('another placement', { placement: 'Compact' }, { placement: 'Spread' }, 'spec'),
  frozen('another attribute value', { attributes: [{ name: 'a', value: '1' }] }, { attributes: [{ name: 'a', value: '2' }] }, 'spec'),
  frozen(
    'attributes in another order',
    { attributes: ['a', 'b'].map((name) => ({ name, value: '1' })) },
    { attributes: ['b', 'a'].map((name) => ({ name, value: '1' })) },
    'spec',
  ),
  frozen('other params', { params: 'a' }, { params: 'b' }, 'spec'),
  frozen('another group', { group: 'a' }, { group: 'b' }, 'spec'),
  frozen('adoption switched on', { uuid }, { uuid, adopt: true }, 'spec'),
  frozen('two immutable fields at once', { group: 'a', params: 'a' }, { group: 'b', params: 'b' }, 'spec'),
];

export const deviceStatuses: readonly ManifestCase[] = [
  status('an allocation', { allocation }, accepted),
  status(
    'a whole status',
    {
      uuid,
      allocation: { ...allocation, withdrawn: false },
      deviceAPI: 'vfio-pci',
      vfio: { group: 7, groupPath: '/dev/vfio/7', bootID: 'b' },
      users: [{ pid: 1, comm: 'qemu' }],
      pinned: { pages: 0, lockedBytes: 0 },
      conditions: ['Allocated', 'Created', 'Online', 'InUse', 'Ready'].map(condition),
    },
    accepted,
  ),
  status('an empty status', {}, accepted),
  badStatus('a status that is text', 'Ready', 'status'),
  badStatus('a UUID that is too long', { uuid: `${uuid}0` }, 'status.uuid'),
  badStatus('an allocation without type', { allocation: { nodeName: 'a', parentName: 'b' } }, 'status.allocation.typeID'),
  badStatus('a negative IOMMU group', { vfio: { group: -1 } }, 'status.vfio.group'),
  badStatus('an IOMMU group with a fraction', { vfio: { group: 1.5 } }, 'status.vfio.group'),
  badStatus('a user with process ID 0', { users: [{ pid: 0, comm: 'x' }] }, 'status.users[0].pid'),
  badStatus('sixty-five users', { users: Array.from({ length: 65 }, () => ({ pid: 1, comm: 'x' })) }, 'status.users'),
  badStatus('one condition twice', { conditions: [condition('Ready'), condition('Ready')] }, 'status.conditions[1]'),
  badCondition('a condition status Maybe', { status: 'Maybe' }, 'status.conditions[0].status'),
  badCondition('a condition reason with a blank', { reason: 'Not ready' }, 'status.conditions[0].reason'),
  badCondition('a condition without message', { message: null }, 'status.conditions[0].message'),
  badCondition('a condition time that is none', { lastTransitionTime: 'yesterday' }, 'status.conditions[0].lastTransitionTime'),
  badCondition('a negative observedGeneration', { observedGeneration: -1 }, 'status.conditions[0].observedGeneration'),
  status('an unknown field in status', { phase: 'Ready' }, unknown('status.phase')),
];
