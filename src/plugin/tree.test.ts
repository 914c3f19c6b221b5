import { expect, test } from 'vitest';
import { mdevDeviceSchema } from '../api/mdev-device.ts';
import { mdevParentSchema } from '../api/mdev-parent.ts';
import { tree } from './tree.ts';

const apiVersion = 'mediated.dev/v1alpha1';
const uuids = ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'] as const;

function parent(nodeName: string, devices: object[] = []) {
  return mdevParentSchema.parse({
    apiVersion,
    kind: 'MdevParent',
    metadata: { name: `${nodeName}-gpu`, uid: nodeName },
    spec: { nodeName, parent: 'gpu' },
    status: { devices },
  });
}

test('a device is shown below its parent with the users that its object names, a foreign one without', () => {
  const owner = { namespace: 'default', name: 'a', uid: 'uid-a' };
  const device = mdevDeviceSchema.parse({
    apiVersion,
    kind: 'MdevDevice',
    metadata: { name: 'a', namespace: 'default', uid: 'uid-a' },
    spec: { type: { id: 't' } },
    status: { users: [{ pid: 7, comm: 'qemu' }] },
  });
  const onNode = parent('node-2', [
    { uuid: uuids[1], typeID: 't' },
    { uuid: uuids[0], typeID: 't', owner },
  ]);

  const branches = tree([parent('node-10'), onNode], [device]);

  expect(branches.map((branch) => branch.nodeName)).toEqual(['node-2', 'node-10']);
  expect(branches[0]?.parents[0]?.devices).toEqual([
    { uuid: uuids[0], typeID: 't', owner, users: [{ pid: 7, comm: 'qemu' }] },
    { uuid: uuids[1], typeID: 't', users: [] },
  ]);
});
