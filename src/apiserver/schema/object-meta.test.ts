import { describe, expect, it } from 'vitest';
import { renderFieldError } from '../field-error.ts';
import type { JsonObject } from '../object.ts';
import { describeMetaTypeError, pruneMeta } from './meta-types.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkQualifiedName } from './names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from './object-meta.ts';

const rules = { namespaced: true, checkName: checkDns1123Subdomain, path: 'metadata' };
const refusals = (meta: JsonObject): string[] => validateObjectMeta(meta, rules).map(renderFieldError);

describe('metadata of a new object', () => {
  it('needs a name and a namespace', () => {
    expect(refusals({})).toEqual(['metadata.name: Required value: name or generateName is required', 'metadata.namespace: Required value']);
  });

  it('has a name that is a DNS name', () => {
    expect(refusals({ name: 'A_b', namespace: 'x' })).toEqual([
      `metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`.replace(
        '\\\\',
        '\\',
      ),
    ]);
  });

  it('may have a generateName that ends with a dash', () => {
    expect(refusals({ name: 'a-b', generateName: 'a-', namespace: 'x' })).toEqual([]);
  });

  it('has well-formed labels, annotations, finalizers and owners', () => {
    const errors = refusals({
      name: 'a',
      namespace: 'x',
      labels: { 'bad key': 'ok', ok: 'bad value' },
      annotations: { '/x': '' },
      finalizers: ['a/b/c'],
      ownerReferences: [
        { apiVersion: '', kind: 'A', name: 'n', uid: 'u', controller: true },
        { apiVersion: 'v1', kind: 'B', name: 'n', uid: '', controller: true },
      ],
    });
    expect(errors.map((error) => error.split(':')[0])).toEqual([
      'metadata.labels',
      'metadata.labels',
      'metadata.annotations',
      'metadata.ownerReferences.apiVersion',
      'metadata.ownerReferences.uid',
      'metadata.ownerReferences',
      'metadata.finalizers',
    ]);
  });
});

describe('an update of metadata', () => {
  const old = { name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: 't', generation: 2 };

  it('changes neither name nor uid', () => {
    expect(validateObjectMetaUpdate({ ...old, uid: 'v' }, old).map(renderFieldError)).toEqual([
      'metadata.uid: Invalid value: "v": field is immutable',
    ]);
  });

  it('adds no finalizer to an object that is going', () => {
    const going = { ...old, deletionTimestamp: 't', finalizers: ['a.b/c'] };
    expect(validateObjectMetaUpdate({ ...going, finalizers: ['a.b/c', 'x.y/z'] }, going).map(renderFieldError)).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x.y/z"}',
    ]);
  });
});

describe('the types of metadata', () => {
  it('are those of the Go struct', () => {
    expect(describeMetaTypeError({ name: 'a', labels: { a: 'b' }, finalizers: [], generation: 1 })).toBeUndefined();
    expect(describeMetaTypeError({ name: 5 })).toBe('json: cannot unmarshal number into Go struct field ObjectMeta.name of type string');
    expect(describeMetaTypeError({ labels: { a: 1 } })).toBe(
      'json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
    );
    expect(describeMetaTypeError('x')).toBe('json: cannot unmarshal string into Go value of type v1.ObjectMeta');
  });

  it('leave no unknown field', () => {
    const meta = { name: 'a', foo: 1, ownerReferences: [{ kind: 'K', bar: 1 }] };
    expect(pruneMeta(meta, 'metadata')).toEqual(['metadata.foo', 'metadata.ownerReferences[0].bar']);
    expect(meta).toEqual({ name: 'a', ownerReferences: [{ kind: 'K' }] });
  });
});

describe('names', () => {
  it('tell dots in a label apart', () => {
    expect(checkDns1123Label('a.b')).toEqual(['must not contain dots']);
    expect(checkDns1123Label('a-b')).toEqual([]);
  });

  it('count bytes', () => {
    expect(checkQualifiedName('a'.repeat(64))).toEqual(['name part must be no more than 63 bytes']);
    expect(checkQualifiedName('example.com/name')).toEqual([]);
  });
});
