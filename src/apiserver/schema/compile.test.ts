import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderFieldError } from '../field-error.ts';
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { compileSchema } from './compile.ts';
import type { CompiledSchema } from './compile.ts';

const schema = compileSchema({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['mode'],
      properties: {
        mode: { type: 'string', enum: ['A', 'B'] },
        size: { type: 'integer', default: 1, 'x-kubernetes-validations': [{ rule: 'self > 0', message: 'must be positive' }] },
        name: { type: 'string', pattern: '^[a-z]*$' },
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        rules: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['key'],
          items: {
            type: 'object',
            required: ['key'],
            properties: { key: { type: 'string' }, port: { type: 'integer', maximum: 10 } },
            'x-kubernetes-validations': [{ rule: 'self.port == oldSelf.port', message: 'port is immutable' }],
          },
        },
        any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, nullable: true },
        map: { type: 'object', additionalProperties: { type: 'integer', minimum: 0 } },
        template: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
      },
      'x-kubernetes-validations': [{ rule: "self.mode != 'B' || has(self.name)", message: 'mode B needs a name', fieldPath: '.name' }],
    },
    status: { type: 'object', properties: { count: { type: 'integer', maximum: 5 }, phase: { type: 'string', enum: ['On'] } } },
  },
});

const object = (spec: Json, rest: JsonObject = {}): KubeObject =>
  ({ apiVersion: 'a.b/v1', kind: 'K', metadata: { name: 'n' }, spec, ...rest }) as unknown as KubeObject;
const refusals = (spec: Json, old?: Json): string[] =>
  schema.validate(object(spec), old === undefined ? undefined : object(old)).map(renderFieldError);

describe('a compiled schema', () => {
  it('tells unknown fields of metadata before those of the object', () => {
    const written = object({ mode: 'A', zz: 1 }, { aa: 1, metadata: { name: 'n', foo: 1 } });
    expect(schema.prune(written)).toEqual(['metadata.foo', 'aa', 'spec.zz']);
  });

  it('runs its rules', () => {
    expect(refusals({ mode: 'B', size: 0 })).toEqual([
      'spec.name: Invalid value: mode B needs a name',
      'spec.size: Invalid value: 0: must be positive',
    ]);
  });

  it('does not run rules on an object of the wrong shape', () => {
    expect(refusals({ mode: 'C', size: 0 })).toEqual([
      'spec.mode: Unsupported value: "C": supported values: "A", "B"',
      '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    ]);
  });

  it('checks embedded resources', () => {
    expect(
      refusals({ mode: 'A', template: { kind: '1', metadata: { labels: { a: 'b c' } } } }).map((error) => error.split(':')[0]),
    ).toEqual(['spec.template.apiVersion', 'spec.template.kind', 'spec.template.metadata.labels', '<nil>']);
  });
});

describe('an update', () => {
  it.each<[string, Json, Json]>([
    ['a value', { mode: 'A', name: 'BAD' }, { mode: 'A', name: 'BAD', size: 2 }],
    ['a value a rule refuses', { mode: 'A', size: 0 }, { mode: 'A', size: 0, name: 'x' }],
    [
      'an element found by its key',
      { mode: 'A', rules: [{ key: 'a', port: 99 }] },
      {
        mode: 'A',
        rules: [
          { key: 'b', port: 1 },
          { key: 'a', port: 99 },
        ],
      },
    ],
    ['a value of a map', { mode: 'A', map: { a: -1 } }, { mode: 'A', map: { a: -1, b: 1 } }],
    ['duplicates', { mode: 'A', set: ['a', 'a'] }, { mode: 'A', set: ['a', 'a', 'b'] }],
  ])('forgives %s that was wrong before', (_, old, updated) => {
    expect(refusals(updated, old)).toEqual([]);
  });

  it('does not forgive a change from one wrong value to another', () => {
    expect(refusals({ mode: 'A', name: 'WORSE' }, { mode: 'A', name: 'BAD' })).toHaveLength(1);
    expect(refusals({ mode: 'A', size: -2 }, { mode: 'A', size: -1 })).toEqual(['spec.size: Invalid value: -2: must be positive']);
  });

  it('holds transition rules against elements found by their keys, new ones excepted', () => {
    const old = { mode: 'A', rules: [{ key: 'a', port: 1 }] };
    expect(
      refusals(
        {
          mode: 'A',
          rules: [
            { key: 'b', port: 2 },
            { key: 'a', port: 3 },
          ],
        },
        old,
      ),
    ).toEqual(['spec.rules[1]: Invalid value: port is immutable']);
    expect(refusals({ mode: 'A', rules: [{ key: 'a', port: 5 }] })).toEqual([]);
  });
});

describe('a write of status', () => {
  it('is judged by status alone, in paths below it', () => {
    const old = object({ mode: 'A' });
    const updated = object({ mode: 'wrong, but not looked at' }, { status: { count: 9, phase: 'Off' } });
    expect(schema.validateStatus(updated, old).map(renderFieldError)).toEqual([
      'status.count: Invalid value: 9: count in body should be less than or equal to 5',
      'status.phase: Unsupported value: "Off": supported values: "On"',
      '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    ]);
  });
});

/** Objects that often hit the schema's fields, with values of any kind. */
const anyObject = fc
  .record(
    {
      mode: fc.oneof(fc.constantFrom('A', 'B'), fc.jsonValue({ maxDepth: 1 })),
      size: fc.oneof(fc.integer(), fc.jsonValue({ maxDepth: 1 })),
      name: fc.oneof(fc.constantFrom('ok', 'BAD', null), fc.jsonValue({ maxDepth: 1 })),
      set: fc.oneof(fc.array(fc.constantFrom('a', 'b')), fc.jsonValue({ maxDepth: 2 })),
      rules: fc.oneof(fc.array(fc.record({ key: fc.constantFrom('a', 'b'), port: fc.integer() })), fc.jsonValue({ maxDepth: 3 })),
      any: fc.jsonValue({ maxDepth: 2 }),
      map: fc.jsonValue({ maxDepth: 2 }),
      template: fc.jsonValue({ maxDepth: 3 }),
      __proto__x: fc.jsonValue({ maxDepth: 1 }),
      unknown: fc.jsonValue({ maxDepth: 1 }),
    },
    { requiredKeys: [] },
  )
  .map((spec) => object(spec as Json));
const wildObject = fc
  .dictionary(fc.constantFrom('spec', 'status', 'metadata', 'x', '__proto__'), fc.jsonValue({ maxDepth: 3 }))
  .map((fields) => fields as unknown as KubeObject);

const clone = (value: KubeObject): KubeObject => structuredClone(value);

describe('for any object', () => {
  const runs = { numRuns: 150 };
  const check = (property: (compiled: CompiledSchema, written: KubeObject) => void): void => {
    fc.assert(
      fc.property(fc.oneof(anyObject, wildObject), (written) => {
        property(schema, clone(written));
      }),
      runs,
    );
  };

  it('pruning again drops nothing', () => {
    check((compiled, written) => {
      compiled.prune(written);
      const once = clone(written);
      expect(compiled.prune(written)).toEqual([]);
      expect(written).toEqual(once);
    });
  });

  it('defaulting again changes nothing', () => {
    check((compiled, written) => {
      compiled.applyDefaults(written);
      const once = clone(written);
      compiled.applyDefaults(written);
      expect(written).toEqual(once);
    });
  });

  it('validation never throws, on creation or update', () => {
    fc.assert(
      fc.property(fc.oneof(anyObject, wildObject), fc.oneof(anyObject, wildObject), (written, old) => {
        schema.validate(written);
        schema.validate(written, old);
        schema.validateStatus(written, old);
      }),
      runs,
    );
  });

  it('validation never changes the object', () => {
    check((compiled, written) => {
      const before = clone(written);
      compiled.validate(written, before);
      expect(written).toEqual(before);
    });
  });

  it('an update that leaves spec alone is not refused for what spec holds', () => {
    // Only what the schema knows of can be told to be unchanged.
    const spec = fc.record(
      {
        mode: fc.constantFrom('A', 'B', 'C'),
        size: fc.integer({ min: -3, max: 3 }),
        name: fc.constantFrom('ok', 'BAD', 5),
        set: fc.array(fc.constantFrom('a', 'b')),
        rules: fc.uniqueArray(fc.record({ key: fc.constantFrom('a', 'b', 'c'), port: fc.integer() }), { selector: ({ key }) => key }),
        map: fc.dictionary(fc.string(), fc.integer()),
      },
      { requiredKeys: ['mode', 'size'] },
    );
    fc.assert(
      fc.property(spec, (fields) => {
        const old = object(fields);
        const updated = object(structuredClone(fields), { metadata: { name: 'n', labels: { a: 'b' } } });
        // A rule that cannot be evaluated on what is there is never forgiven.
        expect(schema.validate(updated, old).filter(({ detail }) => !detail.includes('evaluating rule'))).toEqual([]);
      }),
      runs,
    );
  });
});
