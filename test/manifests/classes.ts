/** MdevClasses: good, malformed, changed; and MdevDevices that name one. */
import { accepted, badRequest, device, goodSpec, invalid, type Manifest, type ManifestCase } from './case.ts';

function mdevClass(spec: unknown, metadata?: Manifest): Manifest {
  return { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevClass', ...(metadata && { metadata }), spec };
}
const one = (name: string, spec: unknown, expected: ManifestCase['expected']): ManifestCase => ({
  name,
  manifest: mdevClass(spec),
  expected,
  resource: 'mdevclasses',
});
const bad = (name: string, spec: Manifest, mentions: string): ManifestCase => one(name, spec, invalid(mentions));
const naming = (name: string, className: unknown, expected: ManifestCase['expected']): ManifestCase => ({
  name,
  manifest: device(goodSpec({ className })),
  expected,
});
const change = (name: string, from: Manifest, to: Manifest, expected: ManifestCase['expected']): ManifestCase => ({
  name,
  before: device(goodSpec(from)),
  manifest: device(goodSpec(to)),
  expected,
});

export const classes: readonly ManifestCase[] = [
  one('a class that says nothing', {}, accepted),
  one(
    'a class that says everything',
    {
      namespaces: { names: ['team-*', 'b'] },
      parents: { selector: { matchLabels: { 'mediated.dev/driver': 'nvidia' } }, nodeSelector: { zone: 'a' } },
      types: [{ id: 'nvidia-1*' }, { name: 'GRID *Q' }],
      attributes: [{ name: 'vendor/*' }, { name: 'assign_adapter', values: ['5', '0x*'] }],
      params: ['frl=*'],
      allowPinnedUUID: false,
      allowAdopt: true,
    },
    accepted,
  ),
  one('a class that allows nothing', { namespaces: { names: [] }, types: [], attributes: [], params: [] }, accepted),
  one(
    'a class that selects namespaces',
    { namespaces: { selector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] } } },
    accepted,
  ),
  {
    name: 'a change of a class',
    resource: 'mdevclasses',
    before: mdevClass({ types: [{ id: 'a' }] }),
    manifest: mdevClass({ allowAdopt: true }),
    expected: accepted,
  },
  {
    ...one('a default class', {}, accepted),
    manifest: mdevClass({}, { name: 'a-default-class', annotations: { 'mediated.dev/is-default-class': 'true' } }),
  },

  { ...one('a class without spec', {}, invalid('spec')), manifest: { ...mdevClass({}), spec: undefined } },
  bad('namespaces that are neither named nor selected', { namespaces: {} }, 'spec.namespaces'),
  bad('namespaces both named and selected', { namespaces: { names: ['a'], selector: {} } }, 'spec.namespaces'),
  bad('a namespace with upper case', { namespaces: { names: ['a', 'Team'] } }, 'spec.namespaces.names[1]'),
  bad('one namespace twice', { namespaces: { names: ['a', 'a'] } }, 'spec.namespaces.names[1]'),
  bad('a type of a class without id and name', { types: [{ id: 'a' }, {}] }, 'spec.types[1]'),
  bad('a type of a class with both id and name', { types: [{ id: 'a', name: 'b' }] }, 'spec.types[0]'),
  bad('a type of a class with a slash in its id', { types: [{ id: 'a/*' }] }, 'spec.types[0].id'),
  bad('an allowed attribute of three elements', { attributes: [{ name: 'a/b/*' }] }, 'spec.attributes[0].name'),
  bad('an allowed attribute without name', { attributes: [{ values: ['a'] }] }, 'spec.attributes[0].name'),
  bad('an allowed value of two lines', { attributes: [{ name: 'a', values: ['b\nc'] }] }, 'spec.attributes[0].values[0]'),
  bad('empty params allowed', { params: ['a', ''] }, 'spec.params[1]'),
  bad('allowed params as text', { params: 'a=*' }, 'spec.params'),
  bad('allowAdopt as text', { allowAdopt: 'yes' }, 'spec.allowAdopt'),
  one('an unknown field of a class', { allowEverything: true }, badRequest('spec.allowEverything')),

  naming('a device that names a class', 'gold', accepted),
  naming('an empty class name', '', invalid('spec.className')),
  naming('a class name with upper case', 'Gold', invalid('spec.className')),
  change('naming a class later', {}, { className: 'gold' }, accepted),
  change('naming the same class', { className: 'gold' }, { className: 'gold' }, accepted),
  change('another class', { className: 'gold' }, { className: 'silver' }, invalid('spec')),
  change('the class taken away', { className: 'gold' }, {}, invalid('spec')),
];
