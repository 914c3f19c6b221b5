import { expect, test } from 'vitest';
import { mdevDeviceSchema } from '../api/mdev-device.ts';
import { mdevParentSchema } from '../api/mdev-parent.ts';
import { survey } from './survey.ts';
import { treeText } from './text.ts';
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
  const waiting = { ...device, metadata: { name: 'w', namespace: 'default', uid: 'uid-w' }, status: undefined };
  const onNode = parent('node-2', [
    { uuid: uuids[1], typeID: 't' },
    { uuid: uuids[0], typeID: 't', owner },
  ]);

  const { nodes, waiting: withoutPlace } = tree(survey({ parents: [parent('node-10'), onNode], nodes: [], devices: [device, waiting] }));

  expect(nodes.map((branch) => branch.nodeName)).toEqual(['node-2', 'node-10']);
  expect(nodes[0]?.parents[0]?.devices).toEqual([
    { uuid: uuids[0], typeID: 't', owner, users: [{ pid: 7, comm: 'qemu' }] },
    { uuid: uuids[1], typeID: 't', users: [] },
  ]);
  expect(withoutPlace).toEqual([{ namespace: 'default', name: 'w' }]);
  expect(treeText({ nodes, waiting: withoutPlace })).toEqual([
    'node-2',
    '  gpu',
    `    ${uuids[0]}  t  default/a`,
    '      used by qemu (pid 7)',
    `    ${uuids[1]}  t  foreign`,
    'node-10',
    '  gpu',
    'not on any parent',
    '  default/w',
  ]);
});

test('where there is no parent it says so', () => {
  expect(treeText(tree(survey({ parents: [], nodes: [], devices: [] })))).toEqual([expect.stringContaining('There is no MdevParent')]);
});
