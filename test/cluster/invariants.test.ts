/** That the judge of the fault tests and the soak sees what it is there for. */
import { expect, it } from 'vitest';
import { mdevDeviceSchema } from '../../src/api/mdev-device.ts';
import { mdevParentSchema } from '../../src/api/mdev-parent.ts';
import { parentObjectName } from '../../src/api/parent-name.ts';
import { unsettled } from './at-rest.ts';
import { differences, type ClusterView } from './invariants.ts';

const uuid = '12345678-1234-1234-1234-123456789abc';
const lastTransitionTime = '2026-01-01T00:00:00Z';
const apiVersion = 'mediated.dev/v1alpha1';

interface Scene {
  readonly devices: { id: string; parent: string; typeID: string; state: 'live' | 'removing' }[];
  readonly records: string[];
  readonly foreign: string[];
  readonly status: { uuid: string; ready: 'True' | 'False'; reason: string; type: string };
  readonly reported: { uuid: string; orphaned?: boolean; owned: boolean }[];
  readonly available: number;
}

const good: Scene = {
  devices: [{ id: uuid, parent: 'mtty', typeID: 'mtty-1', state: 'live' }],
  records: [uuid],
  foreign: [],
  status: { uuid, ready: 'True', reason: 'Ready', type: 'mtty-1' },
  reported: [{ uuid, owned: true }],
  available: 3,
};

function view({ devices, records, foreign, status, reported, available }: Scene): ClusterView {
  const parentName = parentObjectName('n', 'mtty');
  const type = { id: 'mtty-1', availableInstances: 3, instances: 1 };
  const condition = { status: status.ready, reason: status.reason, message: '', lastTransitionTime };
  const owner = { namespace: 'default', name: 'd', uid: 'u' };
  return {
    devices: [
      mdevDeviceSchema.parse({
        ...{ apiVersion, kind: 'MdevDevice', metadata: { namespace: 'default', name: 'd', uid: 'u' }, spec: { type: { id: 'mtty-1' } } },
        status: {
          uuid: status.uuid,
          allocation: { nodeName: 'n', parentName, typeID: status.type },
          conditions: [
            { ...condition, type: 'Ready' },
            { ...condition, type: 'Created' },
          ],
        },
      }),
    ],
    parents: [
      mdevParentSchema.parse({
        ...{ apiVersion, kind: 'MdevParent', metadata: { name: parentName }, spec: { nodeName: 'n', parent: 'mtty' } },
        status: {
          supportedTypes: [{ ...type, availableInstances: available }],
          devices: reported.map(({ owned, ...rest }) => ({ ...rest, typeID: 'mtty-1', ...(owned && { owner }) })),
        },
      }),
    ],
    hosts: [
      {
        node: 'n',
        foreign: new Set(foreign),
        records: new Set(records),
        state: {
          ...{ bootID: 'b', faults: [], hanging: 0, parents: [{ name: 'mtty', state: 'live', types: [type] }] },
          devices: devices.map((device) => ({ ...device, users: [], claimed: false, attributes: [] })),
        },
      },
    ],
  };
}

it('finds nothing wrong where all is well', () => {
  expect(differences(view(good))).toEqual([]);
  expect(unsettled(view(good))).toEqual([]);
});

const [device] = good.devices as [Scene['devices'][number]];
it.each<[string, Partial<Scene>, string]>([
  ['a device that is lost', { devices: [] }, '0 devices have its UUID'],
  ['a device that is doubled', { devices: [device, device] }, 'is on n and n'],
  ['a device nobody wants', { status: { ...good.status, uuid: uuid.replace('1', '2') } }, 'belongs to 0 objects'],
  ['another type than the object says', { status: { ...good.status, type: 'mtty-2' } }, 'and its device'],
  ['a device that goes', { devices: [{ ...device, state: 'removing' }] }, 'is removing'],
  ['a record that is missing', { records: [] }, 'ownership records differ'],
  ['a record too many', { records: [uuid, 'x'] }, 'ownership records differ'],
  ['a foreign device that is gone', { foreign: ['y'] }, 'device y of somebody else is gone'],
  ['a parent that counts wrongly', { available: 2 }, 'differs from its host in its types'],
  ['a parent that takes ours for foreign', { reported: [{ uuid, owned: false }] }, 'differs from its host in its devices'],
])('finds %s', (_, change, text) => {
  expect(differences(view({ ...good, ...change })).join('\n')).toContain(text);
});

it('finds an object that waits though there is room', () => {
  const waiting = { ...good, status: { ...good.status, ready: 'False', reason: 'NoCapacity' } } as const;
  expect(unsettled(view(waiting)).join('\n')).toContain('there is room');
});
