/** MdevDevices with one mistake each in their spec, and the field that the refusal has to name. */
import { badRequest, device, goodSpec, invalid, type Manifest, type ManifestCase, type Refused, uuid } from './case.ts';

const bad = (name: string, spec: unknown, expected: Refused): ManifestCase => ({ name, manifest: device(spec), expected });
const field = (name: string, more: Manifest, mentions: string): ManifestCase => bad(name, goodSpec(more), invalid(mentions));
const type = (name: string, value: unknown, mentions = 'spec.type'): ManifestCase => bad(name, { type: value }, invalid(mentions));
const attribute = (name: string, value: unknown, mentions: string): ManifestCase => field(name, { attributes: [value] }, mentions);
const expression = (name: string, value: unknown, mentions: string): ManifestCase =>
  field(name, { parent: { selector: { matchExpressions: [value] } } }, mentions);

const many = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']));

export const badDevices: readonly ManifestCase[] = [
  { name: 'no spec', manifest: { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice' }, expected: invalid('spec') },
  bad('a null spec', null, invalid('spec')),
  bad('a spec that is text', 'nvidia-11', invalid('spec')),
  bad('a spec that is a list', [], invalid('spec')),
  bad('an empty spec', {}, invalid('spec.type')),

  type('a null type', null),
  type('a type that is text', 'nvidia-11'),
  type('a type with neither id nor name', {}),
  type('a type with id and name', { id: 'nvidia-11', name: 'GRID M60-0B' }),
  type('a type id that is a number', { id: 11 }, 'spec.type.id'),
  type('an empty type id', { id: '' }, 'spec.type.id'),
  type('a type id of 129 characters', { id: 'x'.repeat(129) }, 'spec.type.id'),
  type('a type id with a slash', { id: 'mdev_supported_types/x' }, 'spec.type.id'),
  type('a type id of two dots', { id: '..' }, 'spec.type.id'),
  type('an empty type name', { name: '' }, 'spec.type.name'),
  type('a type name of 257 characters', { name: 'x'.repeat(257) }, 'spec.type.name'),
  type('a type name of two lines', { name: 'GRID\nM60' }, 'spec.type.name'),

  field('an empty UUID', { uuid: '' }, 'spec.uuid'),
  field('a UUID of 35 characters', { uuid: uuid.slice(1) }, 'spec.uuid'),
  field('a UUID of 37 characters', { uuid: `${uuid}0` }, 'spec.uuid'),
  field('a UUID with a line break behind', { uuid: `${uuid}\n` }, 'spec.uuid'),
  field('a UUID without dashes', { uuid: uuid.replaceAll('-', '') }, 'spec.uuid'),
  field('a UUID in braces', { uuid: `{${uuid}}` }, 'spec.uuid'),
  field('a UUID with a letter that is no digit', { uuid: uuid.replace('a', 'g') }, 'spec.uuid'),
  field('a UUID with a misplaced dash', { uuid: '123456781-234-1234-1234-123456789abc' }, 'spec.uuid'),
  field('the nil UUID', { uuid: '00000000-0000-0000-0000-000000000000' }, 'spec.uuid'),
  field('a UUID that is a number', { uuid: 12345678 }, 'spec.uuid'),

  field('an empty node name', { nodeName: '' }, 'spec.nodeName'),
  field('a node name in upper case', { nodeName: 'Node-1' }, 'spec.nodeName'),
  field('a node name with an underscore', { nodeName: 'node_1' }, 'spec.nodeName'),
  field('a node name that ends in a dot', { nodeName: 'node.' }, 'spec.nodeName'),
  field('a node name of 254 characters', { nodeName: 'n'.repeat(254) }, 'spec.nodeName'),
  field('a node name in a list', { nodeName: ['node-1'] }, 'spec.nodeName'),
  field('a node label with a blank', { nodeSelector: { zone: 'a b' } }, 'spec.nodeSelector'),
  field('a node label that is a number', { nodeSelector: { slots: 4 } }, 'spec.nodeSelector'),
  field('a node label of 64 characters', { nodeSelector: { zone: 'z'.repeat(64) } }, 'spec.nodeSelector'),
  field('seventeen node labels', { nodeSelector: many(17) }, 'spec.nodeSelector'),
  field('a nodeSelector that is a list', { nodeSelector: ['zone=a'] }, 'spec.nodeSelector'),

  field('a parent with neither name nor selector', { parent: {} }, 'spec.parent'),
  field('a parent with name and selector', { parent: { name: 'mtty', selector: {} } }, 'spec.parent'),
  field('a parent that is text', { parent: '0000:86:00.0' }, 'spec.parent'),
  field('an empty parent name', { parent: { name: '' } }, 'spec.parent.name'),
  field('a parent name with a slash', { parent: { name: '../../0000:86:00.0' } }, 'spec.parent.name'),
  field('a parent name of 256 characters', { parent: { name: 'x'.repeat(256) } }, 'spec.parent.name'),
  field(
    'a parent label of 64 characters',
    { parent: { selector: { matchLabels: { a: 'x'.repeat(64) } } } },
    'spec.parent.selector.matchLabels',
  ),
  expression('an expression without key', { operator: 'Exists' }, 'spec.parent.selector.matchExpressions[0].key'),
  expression('an expression without operator', { key: 'a' }, 'spec.parent.selector.matchExpressions[0].operator'),
  expression('an unknown operator', { key: 'a', operator: 'Equals', values: ['x'] }, 'spec.parent.selector.matchExpressions[0].operator'),
  expression('an expression key with a blank', { key: 'a b', operator: 'Exists' }, 'spec.parent.selector.matchExpressions[0].key'),
  expression('operator In without values', { key: 'a', operator: 'In' }, 'spec.parent.selector.matchExpressions[0]'),
  expression('operator Exists with values', { key: 'a', operator: 'Exists', values: ['x'] }, 'spec.parent.selector.matchExpressions[0]'),

  field('a placement in lower case', { placement: 'compact' }, 'spec.placement'),
  field('an empty placement', { placement: '' }, 'spec.placement'),

  bad('attributes as a map', goodSpec({ attributes: { assign_adapter: '5' } }), badRequest('spec.attributes.assign_adapter')),
  field('sixty-five attributes', { attributes: Array.from({ length: 65 }, (_, i) => ({ name: `a${i}`, value: 'x' })) }, 'spec.attributes'),
  attribute('an attribute that is text', 'assign_adapter=5', 'spec.attributes[0]'),
  attribute('a null attribute', null, 'spec.attributes[0]'),
  attribute('an attribute without name', { value: '5' }, 'spec.attributes[0].name'),
  attribute('an attribute without value', { name: 'assign_adapter' }, 'spec.attributes[0].value'),
  attribute('an empty attribute name', { name: '', value: '5' }, 'spec.attributes[0].name'),
  attribute('an attribute in the parent folder', { name: '../x', value: '5' }, 'spec.attributes[0].name'),
  attribute('an attribute of two dots', { name: '..', value: '5' }, 'spec.attributes[0].name'),
  attribute('an absolute attribute', { name: '/sys/power/state', value: 'mem' }, 'spec.attributes[0].name'),
  attribute('an attribute of three path elements', { name: 'a/b/c', value: '5' }, 'spec.attributes[0].name'),
  attribute('attribute remove', { name: 'remove', value: '1' }, 'spec.attributes[0].name'),
  attribute('attribute uevent', { name: 'uevent', value: 'add' }, 'spec.attributes[0].name'),
  attribute('attribute driver/unbind', { name: 'driver/unbind', value: 'x' }, 'spec.attributes[0].name'),
  attribute('attribute power/control', { name: 'power/control', value: 'on' }, 'spec.attributes[0].name'),
  attribute('an attribute value that is a number', { name: 'assign_adapter', value: 5 }, 'spec.attributes[0].value'),
  attribute('an empty attribute value', { name: 'assign_adapter', value: '' }, 'spec.attributes[0].value'),
  attribute('an attribute value of two lines', { name: 'assign_adapter', value: '5\n6' }, 'spec.attributes[0].value'),
  attribute('an attribute value of 4096 characters', { name: 'a', value: 'v'.repeat(4096) }, 'spec.attributes[0].value'),

  field('empty params', { params: '' }, 'spec.params'),
  field('params with a NUL', { params: 'a\u0000b' }, 'spec.params'),
  field('params of 1025 characters', { params: 'p'.repeat(1025) }, 'spec.params'),
  field('a group in upper case', { group: 'VM-1' }, 'spec.group'),
  field('a group with a dot', { group: 'vm.1' }, 'spec.group'),
  field('a group of 64 characters', { group: 'g'.repeat(64) }, 'spec.group'),
  field('online as text', { online: 'true' }, 'spec.online'),
  field('online as a number', { online: 1 }, 'spec.online'),
  field('adoption without UUID', { adopt: true }, 'spec'),
  field('an unknown reclaimPolicy', { reclaimPolicy: 'Recycle' }, 'spec.reclaimPolicy'),
  bad('three mistakes at once', { type: {}, placement: 'x', online: 'no' }, invalid('spec.placement')),

  bad('an unknown field', goodSpec({ vgpu: 1 }), badRequest('spec.vgpu')),
  bad('an unknown field in type', { type: { id: 'a', uuid } }, badRequest('spec.type.uuid')),
  bad(
    'an unknown field in an attribute',
    goodSpec({ attributes: [{ name: 'a', value: 'b', mode: 'w' }] }),
    badRequest('spec.attributes[0].mode'),
  ),
  bad('a field in wrong case', goodSpec({ nodename: 'node-1' }), badRequest('spec.nodename')),
  { name: 'an unknown field beside spec', manifest: { ...device(goodSpec()), specs: {} }, expected: badRequest('specs') },
];
