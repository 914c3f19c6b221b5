import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { StatusError } from '../status.ts';
import { serverSideApply } from './apply.ts';
import { request, widget } from './schema.fixture.ts';
import { trackUpdate } from './update.ts';

type Spec = { [field: string]: Json };

const apply = (live: KubeObject | undefined, spec: Spec, manager = 'a', force = false): KubeObject =>
  serverSideApply({ ...request, ...(live !== undefined && { live }), applied: widget(spec), manager, force });

const created = (spec: Spec, manager = 'creator'): KubeObject => trackUpdate({ ...request, updated: widget(spec), manager });

function refusal(action: () => unknown): StatusError {
  try {
    action();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** The fields each manager holds, by its name. */
const fieldsOf = (object: KubeObject): { [manager: string]: JsonObject | undefined } =>
  Object.fromEntries((object.metadata.managedFields ?? []).map((entry) => [entry.manager ?? '', entry.fieldsV1]));

describe('serverSideApply', () => {
  it('creates an object whose applier holds what it applied', () => {
    const object = apply(undefined, { size: 1, ports: [{ name: 'p', number: 80 }], tags: ['t'] });
    expect(object.spec).toEqual({ size: 1, ports: [{ name: 'p', number: 80 }], tags: ['t'] });
    expect(object.metadata.managedFields).toEqual([
      {
        manager: 'a',
        operation: 'Apply',
        apiVersion: 'example.com/v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:ports': { 'k:{"name":"p","protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:number': {} } },
            'f:size': {},
            'f:tags': { 'v:"t"': {} },
          },
        },
      },
    ]);
  });

  it('removes what the manager applied before and applies no more', () => {
    const first = apply(undefined, { size: 1, colour: 'red', extra: { a: '1', b: '2' }, tags: ['x', 'y'] });
    expect(apply(first, { size: 1, extra: { b: '2' }, tags: ['y'] }).spec).toEqual({ size: 1, extra: { b: '2' }, tags: ['y'] });
  });

  it('keeps what somebody else holds too', () => {
    const shared = apply(apply(undefined, { size: 1 }, 'a'), { size: 1 }, 'b');
    expect(fieldsOf(shared)).toEqual({ a: { 'f:spec': { 'f:size': {} } }, b: { 'f:spec': { 'f:size': {} } } });
    const left = apply(shared, {}, 'a');
    expect(left.spec).toEqual({ size: 1 });
    expect(fieldsOf(left)).toEqual({ a: { 'f:spec': {} }, b: { 'f:spec': { 'f:size': {} } } });
  });

  it('never touches what nobody applied', () => {
    const live = created({ size: 1, colour: 'red', ports: [{ name: 'p', protocol: 'TCP', number: 1 }] });
    const object = apply(live, { ports: [{ name: 'q', number: 2 }] });
    expect(object.spec).toEqual({
      size: 1,
      colour: 'red',
      ports: [
        { name: 'p', protocol: 'TCP', number: 1 },
        { name: 'q', number: 2 },
      ],
    });
  });

  it('refuses a field that another manager holds with another value, naming both', () => {
    const refused = refusal(() => apply(created({ size: 1, colour: 'red' }, 'kubectl-edit'), { size: 2 }));
    expect(refused.status).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "kubectl-edit" using example.com/v1: .spec.size',
      details: {
        causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "kubectl-edit" using example.com/v1', field: '.spec.size' }],
      },
    });
  });

  it('lists several conflicts by manager', () => {
    const live = apply(created({ size: 1 }, 'creator'), { colour: 'red', tags: ['t'] }, 'b');
    expect(refusal(() => apply(live, { size: 2, colour: 'blue' })).status.message).toBe(
      'Apply failed with 2 conflicts: conflicts with "b":\n- .spec.colour\nconflicts with "creator" using example.com/v1:\n- .spec.size',
    );
  });

  it('takes the field when forced', () => {
    const object = apply(created({ size: 1, colour: 'red' }), { size: 2 }, 'a', true);
    expect(object.spec).toEqual({ size: 2, colour: 'red' });
    expect(fieldsOf(object)).toEqual({ a: { 'f:spec': { 'f:size': {} } }, creator: { 'f:spec': { '.': {}, 'f:colour': {} } } });
  });

  it('treats an atomic object or list as one field', () => {
    const live = created({ point: { x: '1', y: '2' }, words: ['a'] });
    const conflicts = refusal(() => apply(live, { point: { x: '3' }, words: ['b'] })).status.details?.causes ?? [];
    expect(conflicts.map(({ field }) => field)).toEqual(['.spec.point', '.spec.words']);
    expect(apply(live, { point: { x: '3' }, words: ['b'] }, 'a', true).spec).toEqual({ point: { x: '3' }, words: ['b'] });
  });

  it('leaves everything as it is when nothing changes, time and all', () => {
    const first = apply(undefined, { size: 1, tags: ['t'] });
    const again = serverSideApply({
      ...request,
      live: first,
      applied: widget({ size: 1, tags: ['t'] }),
      manager: 'a',
      force: false,
      now: request.now + 60_000,
    });
    expect(again).toEqual(first);
  });

  it('notes what was there before the first apply', () => {
    const object = apply(widget({ size: 1 }, { uid: 'u' }), { colour: 'red' });
    expect(Object.keys(fieldsOf(object))).toEqual(['a', 'before-first-apply']);
  });

  it('takes over from client-side apply without conflict, and keeps its annotation up to date', () => {
    const applied = widget({ size: 1 });
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    const clientSide = widget({ size: 1 }, { annotations: { [annotation]: JSON.stringify(applied) } });
    const live = trackUpdate({ ...request, updated: clientSide, manager: 'kubectl-client-side-apply' });
    const object = apply(live, { size: 2 }, 'kubectl');
    expect(object.spec).toEqual({ size: 2 });
    expect(JSON.parse(object.metadata.annotations?.[annotation] ?? '')).toEqual(widget({ size: 2 }));
    expect(refusal(() => apply(live, { size: 2 }, 'another')).code).toBe(409);
  });

  it('leaves status to its subresource, and all else to the object', () => {
    const withStatus = { ...widget({ size: 1 }), status: { phase: 'Up' } };
    const main = serverSideApply({ ...request, applied: withStatus, manager: 'a', force: false });
    expect(fieldsOf(main)).toEqual({ a: { 'f:spec': { 'f:size': {} } } });
    const { status: _put, ...live } = main;
    const status = serverSideApply({
      ...request,
      subresource: 'status',
      live: live,
      applied: withStatus,
      manager: 's',
      force: false,
    });
    expect(status.metadata.managedFields?.map(({ manager, subresource, fieldsV1 }) => ({ manager, subresource, fieldsV1 }))).toEqual([
      { manager: 'a', subresource: undefined, fieldsV1: { 'f:spec': { 'f:size': {} } } },
      { manager: 's', subresource: 'status', fieldsV1: { 'f:status': { 'f:phase': {} } } },
    ]);
  });

  it.each<[string, JsonObject, number, string]>([
    ['managedFields in the body', widget({}, { managedFields: [] }), 400, 'metadata.managedFields must be nil'],
    [
      'a field the schema does not know',
      widget({ colur: 'red' }),
      500,
      'failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.colur: field not declared in schema',
    ],
    [
      'a value of a wrong type',
      widget({ size: 'big' }),
      500,
      'failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.size: expected numeric (int or float), got string',
    ],
    [
      'an item twice',
      widget({ tags: ['t', 't'] }),
      500,
      'failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.tags: duplicate entries for key [="t"]',
    ],
    [
      'a list in place of an object',
      widget({ nested: ['t', 1] }),
      500,
      'failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.nested: expected map, got &{[t 1]}',
    ],
  ])('refuses %s', (_what, applied, code, message) => {
    const refused = refusal(() => serverSideApply({ ...request, applied, manager: 'a', force: false }));
    expect([refused.code, refused.status.message]).toEqual([code, message]);
  });

  // Empty lists with keys are left out: nobody holds them, in kube-apiserver neither.
  const word = fc.constantFrom('r', 's', 't');
  const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(values, { nil: undefined });
  const specs = fc
    .record({
      size: maybe(fc.integer({ min: 0, max: 2 })),
      colour: maybe(word),
      nested: maybe(fc.record({ x: word, y: word }, { requiredKeys: [] })),
      point: maybe(fc.record({ x: word })),
      words: maybe(fc.array(word, { maxLength: 2 })),
      tags: maybe(fc.uniqueArray(word, { minLength: 1 })),
      ports: maybe(
        fc.uniqueArray(fc.record({ name: word, number: fc.integer({ min: 1, max: 2 }) }), { minLength: 1, selector: ({ name }) => name }),
      ),
      extra: maybe(fc.dictionary(word, word, { noNullPrototype: true })),
    })
    .map((spec) => JSON.parse(JSON.stringify(spec)) as Spec);

  it('does nothing when applied a second time', () => {
    fc.assert(
      fc.property(specs, specs, (live, spec) => {
        const once = apply(created(live), spec, 'a', true);
        expect(apply(once, spec, 'a', false)).toEqual(once);
      }),
    );
  });

  it('brings back the object when a manager applies nothing after applying only new fields', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const before = created({ free: { other: 'stays' } });
        const after = apply(apply(before, spec, 'a', true), {}, 'a', true);
        expect(after.spec).toEqual({ free: { other: 'stays' } });
        expect(fieldsOf(after).creator).toEqual(fieldsOf(before).creator);
      }),
    );
  });

  it('holds every field it applied, and the object has it as applied', () => {
    fc.assert(
      fc.property(specs, specs, specs, (live, other, spec) => {
        const object = apply(apply(created(live), other, 'b', true), spec, 'a', true);
        // Whoever applies the same again meets no conflict: nothing of it is held with another value.
        expect(() => apply(object, spec, 'c', false)).not.toThrow();
        expect(apply(object, spec, 'c', false).spec).toEqual(object.spec);
      }),
    );
  });
});
