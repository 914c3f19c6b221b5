import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderFieldError } from '../field-error.ts';
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { compileSchema } from './compile.ts';
import { defaultCustomResourceDefinition, validateCustomResourceDefinition } from './crd.ts';

const crds = new URL('../../../crds/', import.meta.url);

/** A CRD of foos.ex.com, changed by `change`, as the server sees it after its defaults. */
function crd(change: (spec: JsonObject, version: JsonObject) => void): KubeObject {
  const version: JsonObject = {
    name: 'v1',
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { a: { type: 'string', maxLength: 9 } } } } },
    },
  };
  const spec: JsonObject = { group: 'ex.com', scope: 'Namespaced', names: { plural: 'foos', kind: 'Foo' }, versions: [version] };
  change(spec, version);
  const object = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'foos.ex.com' }, spec };
  const whole = { ...object, status: { storedVersions: ['v1'] } } as unknown as KubeObject;
  defaultCustomResourceDefinition(whole);
  return whole;
}

const refusals = (change: (spec: JsonObject, version: JsonObject) => void): string[] =>
  validateCustomResourceDefinition(crd(change)).map(renderFieldError);

/** What is refused in a CRD whose field spec.a has this schema; the path down to it is left out. */
const schemaRefusals = (schema: Json): string[] =>
  refusals((_, version) => {
    version['schema'] = { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { a: schema } } } } };
  }).map((text) => text.replaceAll('spec.validation.openAPIV3Schema.properties[spec].properties[a]', 'a'));

describe('the bundled CRDs', () => {
  it.each(readdirSync(crds))('%s is accepted', (file) => {
    const bundled = parse(readFileSync(new URL(file, crds), 'utf8')) as KubeObject;
    defaultCustomResourceDefinition(bundled);
    bundled['status'] = { storedVersions: ['v1alpha1'] };
    expect(validateCustomResourceDefinition(bundled)).toEqual([]);
  });

  it('hold MdevDevices to their rules', () => {
    const bundled = parse(readFileSync(new URL('mediated.dev_mdevdevices.yaml', crds), 'utf8')) as {
      spec: { versions: { schema: { openAPIV3Schema: Json } }[] };
    };
    const compiled = compileSchema(bundled.spec.versions[0]?.schema.openAPIV3Schema ?? null);
    const device = (spec: JsonObject): KubeObject => {
      const object = { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice', metadata: { name: 'a' }, spec } as unknown as KubeObject;
      compiled.applyDefaults(object);
      return object;
    };
    const fields = (spec: JsonObject, old?: JsonObject): string[] =>
      compiled.validate(device(spec), old === undefined ? undefined : device(old)).map(({ field }) => field);
    const type = { id: 'nvidia-11' };
    expect(fields({ type })).toEqual([]);
    expect(fields({ type: { id: 'a', name: 'b' } })).toEqual(['spec.type']);
    expect(fields({ type, uuid: '00000000-0000-0000-0000-000000000000' })).toEqual(['spec.uuid']);
    expect(fields({ type, attributes: [{ name: 'remove', value: '1' }] })).toEqual(['spec.attributes[0].name']);
    expect(fields({ type, group: 'b' }, { type, group: 'a' })).toEqual(['spec.group']);
    expect(fields({ type: { id: 'nvidia-12' } }, { type })).toEqual(['spec.type']);
    expect(fields({ type, online: false }, { type })).toEqual([]);
  });
});

describe('defaults of a CRD', () => {
  it('are its names and no conversion', () => {
    expect(crd(() => undefined)['spec']).toMatchObject({
      names: { singular: 'foo', listKind: 'FooList' },
      conversion: { strategy: 'None' },
    });
  });
});

describe('a CRD', () => {
  // The texts were compared with those of apiextensions 1.36.
  it.each<[string, (spec: JsonObject, version: JsonObject) => void, string[]]>([
    ['is accepted as it should be', () => undefined, []],
    [
      'has a group',
      (spec) => (spec['group'] = ''),
      ['metadata.name: Invalid value: "foos.ex.com": must be spec.names.plural+"."+spec.group', 'spec.group: Required value'],
    ],
    ['has a scope', (spec) => (spec['scope'] = 'All'), ['spec.scope: Unsupported value: "All": supported values: "Cluster", "Namespaced"']],
    [
      'has a plural in lower case',
      (spec) => (spec['names'] = { plural: 'Foos', kind: 'Foo', singular: 'foo', listKind: 'FooList' }),
      [
        'metadata.name: Invalid value: "foos.ex.com": must be spec.names.plural+"."+spec.group',
        `spec.names.plural: Invalid value: "Foos": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
      ],
    ],
    ['has a schema', (_, version) => delete version['schema'], ['spec.versions[0].schema.openAPIV3Schema: Required value']],
    [
      'has one storage version',
      (_, version) => (version['storage'] = false),
      [
        'spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":false,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}]: must have exactly one version marked as storage version',
      ],
    ],
    [
      'has columns of known types',
      (_, version) => (version['additionalPrinterColumns'] = [{ name: 'A', type: 'text', jsonPath: 'spec.a' }]),
      [
        'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec.a": must be a simple json path starting with .',
      ],
    ],
    [
      'selects fields that exist and are scalar',
      (_, version) => (version['selectableFields'] = [{ jsonPath: '.spec.b' }, { jsonPath: '.spec' }, { jsonPath: '.spec.a' }]),
      [
        'spec.selectableFields[0].jsonPath: Invalid value: ".spec.b": is an invalid path: does not refer to a valid field',
        'spec.selectableFields[1].jsonPath: Invalid value: ".spec": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      ],
    ],
    [
      'scales by paths in spec and status',
      (_, version) => (version['subresources'] = { scale: { specReplicasPath: '.status.a', statusReplicasPath: '.status.a' } }),
      ['spec.subresources.scale.specReplicasPath: Invalid value: ".status.a": should be a json path under .spec'],
    ],
    [
      'does not keep unknown fields',
      (spec) => (spec['preserveUnknownFields'] = true),
      [
        'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ],
    ],
  ])('%s', (_, change, expected) => {
    expect(refusals(change)).toEqual(expected);
  });

  it('keeps its group, its plural and, once served, its kind and scope', () => {
    const old = crd(() => undefined);
    (old['status'] as JsonObject)['conditions'] = [{ type: 'Established', status: 'True' }];
    const updated = crd((spec) => {
      spec['scope'] = 'Cluster';
      spec['names'] = { plural: 'foos', kind: 'Bar', singular: 'foo' };
    });
    expect(validateCustomResourceDefinition(updated, old).map(renderFieldError)).toEqual([
      'spec.scope: Invalid value: "Cluster": field is immutable',
      'spec.names.kind: Invalid value: "Bar": field is immutable',
    ]);
  });

  it('keeps the versions objects may be stored in', () => {
    const updated = crd(() => undefined);
    updated['status'] = { storedVersions: ['v0', 'v1'] };
    expect(
      validateCustomResourceDefinition(
        updated,
        crd(() => undefined),
      ).map(({ field }) => field),
    ).toEqual(['status.storedVersions[0]']);
  });
});

describe('the schema of a CRD', () => {
  it.each<[string, Json, string[]]>([
    ['types every field', {}, ['a.type: Required value: must not be empty for specified object fields']],
    ['types every item', { type: 'array', items: {} }, ['a.items.type: Required value: must not be empty for specified array items']],
    [
      'knows its types',
      { type: 'text' },
      ['a.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"'],
    ],
    ['has no references', { type: 'string', $ref: '#/x' }, ['a.$ref: Forbidden: $ref is not supported']],
    [
      'has properties or additionalProperties',
      { type: 'object', properties: { b: { type: 'string' } }, additionalProperties: { type: 'string' } },
      ['a.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive'],
    ],
    ['keeps types out of junctors', { type: 'object', not: { type: 'string' } }, ['a.not.type: Forbidden: must be empty to be structural']],
    [
      'has patterns Go can read',
      { type: 'string', pattern: '(?=a)' },
      [
        'a.pattern: Invalid value: "(?=a)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
      ],
    ],
    [
      'has keys that are always there',
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: { type: 'string' } } },
      },
      [
        'a.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      ],
    ],
    [
      'has defaults of the right type',
      { type: 'string', default: 5 },
      ['a.default: Invalid value: "integer":  in body must be of type string: "integer"'],
    ],
    [
      'has defaults without unknown fields',
      { type: 'object', properties: {}, default: { b: 1 } },
      ['a.default: Invalid value: {"b":1}: must not have unknown fields'],
    ],
    [
      'has defaults its rules accept',
      { type: 'string', maxLength: 3, default: 'b', 'x-kubernetes-validations': [{ rule: "self == 'a'" }] },
      [`a.default: Invalid value: "b": failed rule: self == 'a'`],
    ],
  ])('%s', (_, schema, expected) => {
    expect(schemaRefusals(schema)).toEqual(expected);
  });

  it('restricts at its root only what it specifies', () => {
    const schema = { type: 'object', anyOf: [{ required: ['b'], properties: { b: { minLength: 1 } } }] };
    expect(refusals((_, version) => (version['schema'] = { openAPIV3Schema: schema }))).toEqual([
      'spec.validation.openAPIV3Schema.properties[b]: Required value: because it is defined in spec.validation.openAPIV3Schema.anyOf[0].properties[b]',
    ]);
  });

  it('has rules that compile, with the place of a mistake marked', () => {
    const struct = (rule: string): string =>
      `{"Rule":"${rule}","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}`;
    const schema = (rule: string): Json => ({
      type: 'object',
      properties: { b: { type: 'string', maxLength: 5 } },
      'x-kubernetes-validations': [{ rule }],
    });
    const at = 'a.x-kubernetes-validations[0].rule: Invalid value:';
    expect(schemaRefusals(schema('self.c == 1'))).toEqual([
      `${at} ${struct('self.c == 1')}: compilation failed: ERROR: <input>:1:5: undefined field 'c'\n | self.c == 1\n | ....^`,
    ]);
    expect(schemaRefusals(schema('has(self.c)'))).toEqual([
      `${at} ${struct('has(self.c)')}: compilation failed: ERROR: <input>:1:4: undefined field 'c'\n | has(self.c)\n | ...^`,
    ]);
    expect(schemaRefusals(schema('self.b == 1'))).toEqual([
      `${at} ${struct('self.b == 1')}: compilation failed: ERROR: <input>:1:8: found no matching overload for '_==_' applied to '(string, int)'\n | self.b == 1\n | .......^`,
    ]);
    expect(schemaRefusals(schema('self.b'))).toEqual([`${at} ${struct('self.b')}: cel expression must evaluate to a bool`]);
  });

  it('refuses oldSelf where elements cannot be found again', () => {
    const item = { type: 'string', maxLength: 5, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
    expect(schemaRefusals({ type: 'array', maxItems: 5, items: item })).toEqual([
      'a.items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within a',
    ]);
  });
});
