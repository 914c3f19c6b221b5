/** Mistakes outside of spec: metadata, kind and version, and bodies that are no manifest at all. */
import { accepted, badRequest, device, goodSpec, invalid, type Manifest, type ManifestCase, type Refused } from './case.ts';

const metadata = (name: string, value: Manifest, expected: Refused): ManifestCase => ({
  name,
  manifest: device(goodSpec(), value),
  expected,
});
const body = (name: string, text: string, expected: Refused): ManifestCase => ({ name, manifest: text, expected, kubectl: false });
const named = (name: string, more: Manifest): Manifest => ({ name, ...more });
const spec = '"spec":{"type":{"id":"x"}}';
const head = '"apiVersion":"mediated.dev/v1alpha1","kind":"MdevDevice"';

export const badEnvelopes: readonly ManifestCase[] = [
  metadata('a name in upper case', { name: 'Device' }, invalid('metadata.name')),
  metadata('a name with an underscore', { name: 'my_device' }, invalid('metadata.name')),
  metadata('a name of 254 characters', { name: 'd'.repeat(254) }, invalid('metadata.name')),
  metadata('a name with a slash', { name: 'a/b' }, invalid('metadata.name')),
  metadata('a generateName in upper case', { generateName: 'Device-' }, invalid('metadata.generateName')),
  metadata('a label value with a blank', named('label-value', { labels: { a: 'b c' } }), invalid('metadata.labels')),
  metadata('a label key with two slashes', named('label-key', { labels: { 'a/b/c': 'd' } }), invalid('metadata.labels')),
  metadata('an annotation key with a blank', named('annotation-key', { annotations: { 'a b': 'c' } }), invalid('metadata.annotations')),
  metadata(
    'annotations beyond 256 KiB',
    named('annotation-size', { annotations: { a: 'x'.repeat(256 * 1024) } }),
    invalid('metadata.annotations'),
  ),
  metadata('a finalizer with a blank', named('finalizer', { finalizers: ['hold it'] }), invalid('metadata.finalizers')),
  metadata(
    'an owner without uid',
    named('owner', { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n' }] }),
    invalid('metadata.ownerReferences'),
  ),
  metadata('an unknown field in metadata', named('unknown-meta', { lables: { a: 'b' } }), badRequest('metadata.lables')),
  { ...metadata('another namespace than the request', { name: 'elsewhere', namespace: 'other' }, badRequest('namespace')), kubectl: false },
  { ...metadata('neither name nor generateName', { labels: {} }, invalid('metadata.name')), kubectl: false },
  { ...metadata('a label that is a number', named('label-number', { labels: { a: 1 } }), badRequest('labels')), kubectl: false },
  {
    ...metadata('a resourceVersion on creation', named('versioned', { resourceVersion: '1' }), { code: 500, mentions: 'resourceVersion' }),
    kubectl: false, // it takes the field off
  },

  {
    name: 'another version',
    manifest: { ...device(goodSpec()), apiVersion: 'mediated.dev/v1' },
    expected: badRequest('v1'),
    kubectl: false,
  },
  { name: 'another kind', manifest: { ...device(goodSpec()), kind: 'MdevParent' }, expected: invalid('kind'), kubectl: false },
  { name: 'no kind', manifest: { apiVersion: 'mediated.dev/v1alpha1', spec: goodSpec() }, expected: badRequest('Kind'), kubectl: false },
  { name: 'no apiVersion', manifest: { kind: 'MdevDevice', spec: goodSpec() }, expected: badRequest('API version'), kubectl: false },

  body('an empty body', '', badRequest('')),
  body('an unfinished body', `{${head},"metadata":{"name":"u"},"spec":{`, badRequest('')),
  body('a list for a body', `[{${head}}]`, badRequest('')),
  body('text for a body', '"MdevDevice"', badRequest('')),
  body('null for a body', 'null', badRequest('')),
  body('YAML sent as JSON', 'apiVersion: mediated.dev/v1alpha1\nkind: MdevDevice\n', badRequest('')),
  body(
    'a field twice',
    `{${head},"metadata":{"name":"twice"},"spec":{"type":{"id":"x"},"group":"a","group":"b"}}`,
    badRequest('spec.group'),
  ),
  body('metadata twice', `{${head},"metadata":{"name":"a"},"metadata":{"name":"b"},${spec}}`, badRequest('metadata')),
  body('metadata that is text', `{${head},"metadata":"x",${spec}}`, badRequest('')),
  body('a comment in the body', `{/* */${head},"metadata":{"name":"comment"},${spec}}`, badRequest('')),
  body('text behind the body', `{${head},"metadata":{"name":"behind"},${spec}} trailing`, badRequest('')),
];

export const oddButGoodBodies: readonly ManifestCase[] = [
  {
    name: 'a body with blanks and escapes',
    manifest: `\n\t{${head} , "metadata":{"name":"bl\\u0061nks"}, ${spec} }\n\n`,
    expected: accepted,
    kubectl: false,
  },
];
