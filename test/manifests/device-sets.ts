/** MdevDeviceSets: good, malformed and changed. What a device's spec may be is tried on devices. */
import { accepted, badRequest, goodSpec, invalid, type Manifest, type ManifestCase, uuid, withStatus } from './case.ts';

const template = { spec: goodSpec() };

function deviceSet(spec: Manifest, metadata?: Manifest): Manifest {
  return { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDeviceSet', ...(metadata && { metadata }), spec };
}

const one = (name: string, spec: Manifest, expected: ManifestCase['expected'], metadata?: Manifest): ManifestCase => ({
  name,
  manifest: deviceSet(spec, metadata),
  expected,
  resource: 'mdevdevicesets',
});
const change = (name: string, from: Manifest, to: Manifest, expected: ManifestCase['expected']): ManifestCase => ({
  ...one(name, to, expected),
  before: deviceSet(from),
});
const templated = (more: Manifest): Manifest => ({ template: { spec: goodSpec(more) } });

export const deviceSets: readonly ManifestCase[] = [
  one('a set of three', { replicas: 3, template }, accepted),
  one('a set of none', { replicas: 0, template }, accepted),
  one('a set by node', { perNode: 2, maxUnavailable: 3, template }, accepted),
  one('a set with labels for its devices', { replicas: 1, template: { ...template, metadata: { labels: { a: 'b' } } } }, accepted),
  one('a set on one node', { replicas: 1, ...templated({ nodeName: 'node-1' }) }, accepted),
  one('a set for one user', { replicas: 2, ...templated({ group: 'vm-1' }) }, accepted),
  one('a set with the longest name', { replicas: 1, template }, accepted, { name: 's'.repeat(63) }),
  change('a set scaled', { replicas: 3, template }, { replicas: 5, template }, accepted),
  change('a set of another type', { replicas: 3, template }, { replicas: 3, template: { spec: { type: { id: 'mtty-2' } } } }, accepted),

  one('a set without number', { template }, invalid('spec')),
  one('a set with both numbers', { replicas: 1, perNode: 1, template }, invalid('spec')),
  one('a set of less than none', { replicas: -1, template }, invalid('spec.replicas')),
  one('a set of too many', { replicas: 10_001, template }, invalid('spec.replicas')),
  one('a set of half a device', { replicas: 1.5, template }, invalid('spec.replicas')),
  one('a set that may not replace', { replicas: 1, maxUnavailable: 0, template }, invalid('spec.maxUnavailable')),
  one('a set without template', { replicas: 1 }, invalid('spec.template')),
  one('a set whose template has no type', { replicas: 1, template: { spec: {} } }, invalid('spec.template.spec.type')),
  one('a set whose template has a UUID', { replicas: 1, ...templated({ uuid }) }, badRequest('spec.template.spec.uuid')),
  one('a set whose template adopts', { replicas: 1, ...templated({ adopt: true }) }, badRequest('spec.template.spec.adopt')),
  one('a set by node on one node', { perNode: 1, ...templated({ nodeName: 'node-1' }) }, invalid('spec.template.spec.nodeName')),
  one('a set by node for one user', { perNode: 1, ...templated({ group: 'vm-1' }) }, invalid('spec.template.spec.group')),
  one('a set with too long a name', { replicas: 1, template }, invalid('metadata'), { name: 's'.repeat(64) }),
  change('a set from replicas to nodes', { replicas: 3, template }, { perNode: 1, template }, invalid('spec')),
  change('a set from nodes to replicas', { perNode: 3, template }, { replicas: 1, template }, invalid('spec')),
  {
    ...one('a set with less than none Ready', { replicas: 1, template }, invalid('status.readyReplicas')),
    manifest: withStatus(deviceSet({ replicas: 1, template }), { readyReplicas: -1 }),
    before: deviceSet({ replicas: 1, template }),
    subresource: 'status',
  },
];
