/** MdevParents: good, malformed, changed, and their status. */
import { accepted, badRequest, invalid, type Manifest, type ManifestCase, parent, withStatus } from './case.ts';

const one = (name: string, manifest: Manifest, expected: ManifestCase['expected']): ManifestCase => ({
  name,
  manifest,
  expected,
  resource: 'mdevparents',
});
const bad = (name: string, more: Manifest, mentions: string): ManifestCase => one(name, parent(more), invalid(mentions));
const change = (name: string, to: Manifest, expected: ManifestCase['expected']): ManifestCase => ({
  ...one(name, parent(to), expected),
  before: parent({}),
});
const status = (name: string, value: unknown, expected: ManifestCase['expected']): ManifestCase => ({
  ...one(name, withStatus(parent(), value), expected),
  before: parent(),
  subresource: 'status',
});
const mtty = { id: 'mtty-1', availableInstances: 24, instances: 0 };
const uuid = '12345678-1234-1234-1234-123456789abc';

export const parents: readonly ManifestCase[] = [
  one('a parent', parent(), accepted),
  one('an unschedulable parent', parent({ unschedulable: true }), accepted),
  one('a parent with allowed types', parent({ allowedTypes: ['nvidia-11', 'nvidia-12'] }), accepted),
  one('a parent that allows no type', parent({ allowedTypes: [] }), accepted),
  change('a parent becoming unschedulable', { unschedulable: true }, accepted),
  change('a parent getting allowed types', { allowedTypes: ['mtty-2'] }, accepted),

  bad('a parent without node', { nodeName: undefined }, 'spec.nodeName'),
  bad('a parent without name', { parent: undefined }, 'spec.parent'),
  bad('a parent with an empty node', { nodeName: '' }, 'spec.nodeName'),
  bad('a parent with a slash in its name', { parent: 'pci/0000:86:00.0' }, 'spec.parent'),
  one('a parent whose name is an object', parent({ parent: { name: 'mtty' } }), badRequest('spec.parent.name')),
  bad('unschedulable as text', { unschedulable: 'yes' }, 'spec.unschedulable'),
  bad('one allowed type twice', { allowedTypes: ['a', 'b', 'a'] }, 'spec.allowedTypes[2]'),
  bad('an empty allowed type', { allowedTypes: [''] }, 'spec.allowedTypes[0]'),
  bad('an allowed type with a blank', { allowedTypes: ['a', 'GRID M60'] }, 'spec.allowedTypes[1]'),
  bad('allowed types as text', { allowedTypes: 'nvidia-11' }, 'spec.allowedTypes'),
  one('an unknown field of a parent', parent({ capacity: 4 }), badRequest('spec.capacity')),
  change('a parent on another node', { nodeName: 'node-2' }, invalid('spec.nodeName')),
  change('a parent under another name', { parent: 'mtty' }, invalid('spec.parent')),

  status(
    'a whole parent status',
    {
      driver: 'nvidia',
      vendorID: '0x10de',
      deviceID: '0x13f2',
      numaNode: -1,
      bootID: 'b',
      sharing: 'Exclusive',
      features: ['Online', 'Groups'],
      supportedTypes: [
        { ...mtty, name: 'n', description: 'd', deviceAPI: 'vfio-pci', maxInstances: 24, attributes: [{ name: 'a', value: 'b' }] },
      ],
      devices: [{ uuid, typeID: 'mtty-1', owner: { namespace: 'a', name: 'b', uid: 'c' }, orphaned: true }],
    },
    accepted,
  ),
  status('an unknown kind of sharing', { sharing: 'Shared' }, invalid('status.sharing')),
  status('an unknown feature', { features: ['Online', 'Fly'] }, invalid('status.features[1]')),
  status('a NUMA node of -2', { numaNode: -2 }, invalid('status.numaNode')),
  status('a type without count', { supportedTypes: [{ id: 'a', instances: 0 }] }, invalid('status.supportedTypes[0].availableInstances')),
  status(
    'a negative count',
    { supportedTypes: [{ ...mtty, availableInstances: -1 }] },
    invalid('status.supportedTypes[0].availableInstances'),
  ),
  status('one type twice', { supportedTypes: [mtty, mtty] }, invalid('status.supportedTypes[1]')),
  status('a type without id', { supportedTypes: [{ instances: 0, availableInstances: 0 }] }, invalid('status.supportedTypes[0].id')),
  status(
    'a device owner without uid',
    { devices: [{ uuid, typeID: 'a', owner: { namespace: 'a', name: 'b' } }] },
    invalid('status.devices[0].owner.uid'),
  ),
  status(
    'a device twice',
    {
      devices: [
        { uuid, typeID: 'a' },
        { uuid, typeID: 'b' },
      ],
    },
    invalid('status.devices[1]'),
  ),
];
