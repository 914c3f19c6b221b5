import { applyPatch, mergePatch, metadataOf, type Scenario } from '../scenario.ts';
import type { Json, Session } from '../session.ts';

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

type Schema = Json;
const text = { type: 'string' };
const object = (properties: Schema, more: Schema = {}): Schema => ({ type: 'object', properties, ...more });
const version = (schema: Schema | undefined, more: Json = {}): Json => ({
  name: 'v1',
  served: true,
  storage: true,
  ...(schema && { schema: { openAPIV3Schema: schema } }),
  ...more,
});

function definition(plural: string, kind: string, versions: Json[], more: Json = {}, names: Json = {}): Json {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.requests.example` },
    spec: { group: 'requests.example', scope: 'Namespaced', names: { plural, kind, ...names }, versions, ...more },
  };
}

const established = (_: number, body: Json): boolean =>
  (((body['status'] ?? {}) as { conditions?: { type: string; status: string }[] }).conditions ?? []).some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );

async function serve(session: Session, body: Json): Promise<void> {
  const { name } = metadataOf(body);
  await session.prepare({ method: 'POST', path: crds, body });
  await session.until(`${crds}/${name}`, established);
  const { spec } = body as { spec: { names: { plural: string }; versions: { name: string }[] } };
  await session.until(`/apis/requests.example/${spec.versions[0]?.name ?? ''}/${spec.names.plural}`, (code) => code === 200);
}

export const definitions: Scenario = {
  name: 'definitions',
  async run(session) {
    const create = (label: string, body: Json): Promise<unknown> =>
      session.send(label, { method: 'POST', path: `${crds}?dryRun=All`, body, pick: ({ spec, status }) => ({ spec, status }) });
    const plain = object({ spec: object({ a: text }) });
    const schema = (label: string, value: Schema, more: Json = {}): Promise<unknown> =>
      create(label, definition('things', 'Thing', [version(value, more)]));
    await create('a good one', definition('things', 'Thing', [version(plain)]));
    await create(
      'all names given',
      definition(
        'things',
        'Thing',
        [version(plain)],
        {},
        { singular: 'thing', listKind: 'ThingList', shortNames: ['th'], categories: ['all'] },
      ),
    );
    await create('a name that does not fit', {
      ...definition('things', 'Thing', [version(plain)]),
      metadata: { name: 'other.requests.example' },
    });
    await create('no versions', definition('things', 'Thing', []));
    await create('no schema', definition('things', 'Thing', [version(undefined)]));
    await create('no storage version', definition('things', 'Thing', [version(plain, { storage: false })]));
    await create('two storage versions', definition('things', 'Thing', [version(plain), version(plain, { name: 'v2' })]));
    await create('one version twice', definition('things', 'Thing', [version(plain), version(plain, { storage: false })]));
    await create('a bad version name', definition('things', 'Thing', [version(plain, { name: 'V1' })]));
    await create('a bad scope', definition('things', 'Thing', [version(plain)], { scope: 'Everywhere' }));
    await create('no kind', definition('things', '', [version(plain)]));
    await create('a plural in upper case', definition('Things', 'Thing', [version(plain)]));
    await create('a short name in upper case', definition('things', 'Thing', [version(plain)], {}, { shortNames: ['TH'] }));
    await create('preserveUnknownFields', definition('things', 'Thing', [version(plain)], { preserveUnknownFields: true }));
    await create(
      'webhook conversion without webhook',
      definition('things', 'Thing', [version(plain)], { conversion: { strategy: 'Webhook' } }),
    );
    await create('a kubernetes group', {
      ...definition('things', 'Thing', [version(plain)], { group: 'a.k8s.io' }),
      metadata: { name: 'things.a.k8s.io' },
    });
    await create('an unknown field', { ...definition('things', 'Thing', [version(plain)], { nothing: 1 }) });

    await schema('not an object', text);
    await schema('a property without type', object({ spec: { properties: {} } }));
    await schema('items missing', object({ list: { type: 'array' } }));
    await schema('an unknown type', object({ a: { type: 'text' } }));
    await schema('additionalProperties beside properties', object({ a: object({ b: text }, { additionalProperties: text }) }));
    await schema('additionalProperties false', object({ a: { type: 'object', additionalProperties: false } }));
    await schema('a type in anyOf', object({ a: { anyOf: [{ type: 'string' }, { type: 'integer' }] } }));
    await schema('uniqueItems', object({ a: { type: 'array', items: text, uniqueItems: true } }));
    await schema('a reference', object({ a: { $ref: '#/definitions/x' } }));
    await schema('a default of another type', object({ a: { type: 'string', default: 1 } }));
    await schema('a default that breaks its pattern', object({ a: { type: 'string', pattern: '^x$', default: 'y' } }));
    await schema('a pattern that is none', object({ a: { type: 'string', pattern: '(' } }));
    await schema('map list without keys', object({ a: { type: 'array', 'x-kubernetes-list-type': 'map', items: object({ k: text }) } }));
    await schema(
      'map list with an optional key',
      object({ a: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: object({ k: text }) } }),
    );
    await schema('a set of objects', object({ a: { type: 'array', 'x-kubernetes-list-type': 'set', items: object({ k: text }) } }));
    await schema('an unknown list type', object({ a: { type: 'array', 'x-kubernetes-list-type': 'bag', items: text } }));
    await schema('int-or-string with type', object({ a: { type: 'string', 'x-kubernetes-int-or-string': true } }));
    await schema('metadata restricted', object({ metadata: object({ labels: object({}) }) }));
    await schema('nullable with default null', object({ a: { type: 'string', nullable: true, default: null } }));
    await schema('minimum above maximum', object({ a: { type: 'integer', minimum: 5, maximum: 1 } }));
    await schema('an enum of nothing', object({ a: { type: 'string', enum: [] } }));
    const rule = (value: string, more: Json = {}): Schema =>
      object({
        spec: object(
          { a: { type: 'string', maxLength: 10 }, n: { type: 'integer' } },
          { 'x-kubernetes-validations': [{ rule: value, ...more }] },
        ),
      });
    await schema('a rule', rule('self.a == "x"'));
    await schema('a rule that does not parse', rule('self.a =='));
    await schema('a rule with an unknown field', rule('self.b == "x"'));
    await schema('a rule of the wrong type', rule('self.a'));
    await schema('a rule comparing types', rule('self.a == 1'));
    await schema('an empty rule', rule(''));
    await schema('a rule with a message of two lines', rule('true', { message: 'a\nb' }));
    await schema('a rule with a bad messageExpression', rule('true', { messageExpression: 'self.' }));
    await schema('a rule with a bad fieldPath', rule('true', { fieldPath: '.nothing' }));
    await schema('a rule with an unknown reason', rule('true', { reason: 'Because' }));
    await schema('a rule with oldSelf', rule('self.a == oldSelf.a'));
    await schema(
      'a rule that costs too much',
      object(
        { l: { type: 'array', items: { type: 'array', items: text } } },
        { 'x-kubernetes-validations': [{ rule: 'self.l.all(a, self.l.all(b, a.all(x, b.all(y, x == y))))' }] },
      ),
    );
    await schema('columns', plain, { additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: '.spec.a' }] });
    await schema('a column of a bad type', plain, { additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.spec.a' }] });
    await schema('a column with a bad path', plain, { additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: 'spec.a' }] });
    await schema('a selectable field', plain, { selectableFields: [{ jsonPath: '.spec.a' }] });
    await schema('a selectable field that is not there', plain, { selectableFields: [{ jsonPath: '.spec.b' }] });
    await schema('a selectable metadata field', plain, { selectableFields: [{ jsonPath: '.metadata.name' }] });
    await schema('a selectable field twice', plain, { selectableFields: [{ jsonPath: '.spec.a' }, { jsonPath: '.spec.a' }] });
    await schema('a scale', object({ spec: object({ n: { type: 'integer' } }), status: object({ n: { type: 'integer' } }) }), {
      subresources: { status: {}, scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' } },
    });
    await schema('a bad scale', plain, { subresources: { scale: { specReplicasPath: 'spec', statusReplicasPath: '.spec.n' } } });
  },
};

export const customResources: Scenario = {
  name: 'custom-resources',
  async run(session) {
    const gadget = object(
      {
        spec: object({
          size: { type: 'integer', default: 3, minimum: 1, maximum: 10 },
          ratio: { type: 'number', multipleOf: 0.5 },
          port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
          maybe: { type: 'string', nullable: true },
          free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          nested: { type: 'object', default: {}, properties: { level: { type: 'string', default: 'low', enum: ['low', 'high'] } } },
          when: { type: 'string', format: 'date-time' },
          mail: { type: 'string', format: 'email' },
          address: { type: 'string', format: 'ipv4' },
          data: { type: 'string', format: 'byte' },
          small: { type: 'integer', format: 'int32' },
          exact: { allOf: [{ minLength: 2 }, { maxLength: 3 }], type: 'string' },
          tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' }, minItems: 1, maxItems: 3 },
          either: object({ a: text, b: text }, { oneOf: [{ required: ['a'] }, { required: ['b'] }] }),
          few: { type: 'object', additionalProperties: { type: 'integer' }, minProperties: 1, maxProperties: 2 },
          locked: {
            type: 'string',
            maxLength: 20,
            'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'locked cannot change', reason: 'FieldValueForbidden' }],
          },
          pod: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
        }),
      },
      {
        'x-kubernetes-validations': [
          {
            rule: '!has(self.spec) || !has(self.spec.size) || self.spec.size != 7',
            messageExpression: "'size ' + (self.spec.size > 0 ? 'seven' : 'x') + ' is not allowed'",
            fieldPath: '.spec.size',
          },
        ],
      },
    );
    await session.clear(`${crds}/gadgets.requests.example`);
    await serve(session, definition('gadgets', 'Gadget', [version(gadget), version(gadget, { name: 'v2', storage: false })]));
    const path = `/apis/requests.example/v1/namespaces/${session.namespace}/gadgets`;
    const make = (name: string, spec: unknown, query = ''): Promise<Json> =>
      session.send(name, {
        method: 'POST',
        path: `${path}${query}`,
        body: { apiVersion: 'requests.example/v1', kind: 'Gadget', metadata: { name }, spec },
      });
    await make('defaults', {});
    await make('default-under-null', { size: null, maybe: null, nested: null });
    await make('nested-partly', { nested: {} });
    await make('all-good', {
      size: 10,
      ratio: 1.5,
      port: 'http',
      free: { any: [1, { thing: null }] },
      when: '2026-01-01T00:00:00Z',
      mail: 'a@b.example',
      address: '192.0.2.1',
      data: 'aGk=',
      small: 2147483647,
      exact: 'abc',
      tags: ['a'],
      either: { a: 'x' },
      few: { a: 1 },
      locked: 'x',
    });
    await make('too-small', { size: 0 });
    await make('too-big', { size: 11 });
    await make('a-fraction', { size: 1.5 });
    await make('one-point-zero', { size: 2.0 });
    await make('not-a-multiple', { ratio: 0.3 });
    await make('port-number', { port: 80 });
    await make('port-boolean', { port: true });
    await make('a-bad-time', { when: 'now' });
    await make('a-bad-mail', { mail: 'nobody' });
    await make('a-bad-address', { address: '300.0.0.1' });
    await make('bad-bytes', { data: '%%' });
    await make('beyond-int32', { small: 2147483648 });
    await make('too-short', { exact: 'a' });
    await make('too-long', { exact: 'abcd' });
    await make('no-tags', { tags: [] });
    await make('same-tags', { tags: ['a', 'a'] });
    await make('many-tags', { tags: ['a', 'b', 'c', 'd'] });
    await make('neither', { either: {} });
    await make('both', { either: { a: '1', b: '2' } });
    await make('no-few', { few: {} });
    await make('many-few', { few: { a: 1, b: 2, c: 3 } });
    await make('few-text', { few: { a: 'x' } });
    await make('not-in-enum', { nested: { level: 'mid' } });
    await make('by-expression', { size: 7 });
    await make('embedded', { pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', nothing: 1 }, spec: { any: 1 } } });
    await make('embedded-without-kind', { pod: { metadata: {} } });
    await make('embedded-bad-name', { pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'A B' } } });
    await make('pruned', { nothing: 1, nested: { nothing: 1 } });
    await session.send('locked changes', { method: 'PATCH', path: `${path}/all-good`, type: mergePatch, body: { spec: { locked: 'y' } } });
    await session.send('locked goes', { method: 'PATCH', path: `${path}/all-good`, type: mergePatch, body: { spec: { locked: null } } });
    await session.send('the other version', { path: `${path.replace('/v1/', '/v2/')}/all-good` });
    await session.send('apply in the other version', {
      method: 'PATCH',
      path: `${path.replace('/v1/', '/v2/')}/all-good?fieldManager=two`,
      type: applyPatch,
      body: { apiVersion: 'requests.example/v2', kind: 'Gadget', metadata: { name: 'all-good' }, spec: { size: 10, ratio: 2 } },
    });
    await session.send('no status subresource: status is stored', {
      method: 'POST',
      path,
      body: { apiVersion: 'requests.example/v1', kind: 'Gadget', metadata: { name: 'with-status' }, status: { a: 1 } },
    });
    await session.send('no status subresource', { path: `${path}/all-good/status` });
    await session.send('group discovery', { path: '/apis/requests.example' });
    await session.send('resource discovery', { path: '/apis/requests.example/v1' });
    await session.send('delete the definition', {
      method: 'DELETE',
      path: `${crds}/gadgets.requests.example`,
      pick: ({ kind, status }) => ({ kind, status: typeof status === 'string' ? status : 'object' }),
    });
    await session.until(path, (code) => code === 404);
    await session.until(`${crds}/gadgets.requests.example`, (code) => code === 404);
    await session.send('objects of it afterwards', { path: `${path}/all-good` });
  },
};

export const definitionLife: Scenario = {
  name: 'definition-life',
  async run(session) {
    const body = definition(
      'widgets',
      'Widget',
      [
        version(object({ spec: object({ a: text, b: { type: 'string', default: 'later' } }) }), {
          subresources: { status: {}, scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' } },
        }),
      ],
      {},
      { shortNames: ['wi'] },
    );
    const item = `${crds}/widgets.requests.example`;
    for (const plural of ['widgets', 'widgetry']) await session.clear(`${crds}/${plural}.requests.example`);
    await session.send('create', { method: 'POST', path: crds, body });
    const made = await session.until(item, established);
    session.noteValue('established', made);
    await session.send('create again', { method: 'POST', path: crds, body });
    const clash = definition('widgetry', 'Widget', [version(object({}))]);
    await session.prepare({ method: 'POST', path: crds, body: clash });
    const refused = await session.until(
      `${crds}/widgetry.requests.example`,
      (_, crd) => (((crd['status'] ?? {}) as { conditions?: unknown[] }).conditions ?? []).length > 0,
    );
    session.noteValue('a kind that is taken', (refused['status'] as { conditions: unknown }).conditions);
    await session.prepare({ method: 'DELETE', path: `${crds}/widgetry.requests.example` });
    await session.send('change of scope', { method: 'PATCH', path: item, type: mergePatch, body: { spec: { scope: 'Cluster' } } });
    await session.send('change of group', { method: 'PATCH', path: item, type: mergePatch, body: { spec: { group: 'other.example' } } });
    await session.send('change of short names', {
      method: 'PATCH',
      path: item,
      type: mergePatch,
      body: { spec: { names: { shortNames: ['wd'] } } },
      pick: ({ spec }) => spec,
    });
    await session.send('taking the stored version away', {
      method: 'PATCH',
      path: item,
      type: mergePatch,
      body: { spec: { versions: [{ ...version(object({})), name: 'v2' }] } },
    });
    await session.send('a bad scale path', {
      method: 'PATCH',
      path: item,
      type: mergePatch,
      body: {
        spec: { versions: [version(object({}), { subresources: { scale: { specReplicasPath: 'x', statusReplicasPath: '.status.n' } } })] },
      },
    });
    await session.send('delete', { method: 'DELETE', path: item, pick: () => 'answered' });
    await session.until(item, (code) => code === 404);
  },
};
