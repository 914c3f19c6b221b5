import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../object.ts';
import { defaultManager } from './default-manager.ts';
import { keepTimesOfNoop } from './noop.ts';
import { request, widget } from './schema.fixture.ts';
import { trackUpdate } from './update.ts';

const minute = 60_000;
const update = (live: KubeObject | undefined, updated: KubeObject, manager: string, rest: object = {}): KubeObject =>
  trackUpdate({ ...request, ...(live !== undefined && { live }), updated, manager, ...rest });

const managers = (object: KubeObject): { [manager: string]: JsonObject | undefined } =>
  Object.fromEntries((object.metadata.managedFields ?? []).map((entry) => [entry.manager ?? '', entry.fieldsV1]));

describe('trackUpdate', () => {
  it('gives a new object to its creator', () => {
    const object = update(undefined, widget({ size: 1 }, { labels: { l: '1' } }), 'creator');
    expect(object.metadata.managedFields).toEqual([
      {
        manager: 'creator',
        operation: 'Update',
        apiVersion: 'example.com/v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } }, 'f:spec': { '.': {}, 'f:size': {} } },
      },
    ]);
  });

  it('moves a changed field to who changed it, and forgets a removed one', () => {
    const live = update(undefined, widget({ size: 1, colour: 'red', tags: ['t'] }), 'creator');
    const object = update(live, { ...live, spec: { size: 2, tags: ['t'] } }, 'editor');
    expect(managers(object)).toEqual({
      creator: { 'f:spec': { '.': {}, 'f:tags': { '.': {}, 'v:"t"': {} } } },
      editor: { 'f:spec': { 'f:size': {} } },
    });
  });

  it('changes nothing when nothing changes', () => {
    const live = update(undefined, widget({ size: 1 }), 'creator');
    expect(update(live, live, 'editor', { now: request.now + minute })).toEqual(live);
  });

  it('takes the stored managers when the client sends none', () => {
    const live = update(undefined, widget({ size: 1 }), 'creator');
    expect(update(live, widget({ size: 1 }), 'editor').metadata.managedFields).toEqual(live.metadata.managedFields);
  });

  it('takes the managers that the client sends, as kubectl does to migrate', () => {
    const live = update(undefined, widget({ size: 1 }), 'creator');
    const sent = (live.metadata.managedFields ?? []).map((entry) => ({ ...entry, manager: 'kubectl', operation: 'Apply' as const }));
    const object = update(live, { ...live, metadata: { ...live.metadata, managedFields: sent } }, 'editor');
    expect(object.metadata.managedFields).toEqual(sent);
  });

  it.each<[string, object, boolean]>([
    ['forgets all managers at [{}]', [{}], true],
    ['keeps them at [] on a custom resource', [], false],
    ['keeps them when what is sent is malformed', [{ manager: 'x' }], false],
  ])('%s', (_what, managedFields, forgotten) => {
    const live = update(undefined, widget({ size: 1 }), 'creator');
    const updated = { ...live, metadata: { ...live.metadata, managedFields } } as KubeObject;
    expect(update(live, updated, 'editor').metadata.managedFields).toEqual(forgotten ? undefined : live.metadata.managedFields);
  });

  it('starts no managers on an object that has none', () => {
    const object = update(widget({ size: 1 }), widget({ size: 2 }), 'editor');
    expect(object.metadata.managedFields).toBeUndefined();
  });

  it('ignores spec on the status subresource', () => {
    const live = update(undefined, widget({ size: 1 }), 'creator');
    const object = update(live, { ...live, spec: { size: 2 }, status: { phase: 'Up' } }, 'agent', { subresource: 'status' });
    expect(managers(object)).toMatchObject({ agent: { 'f:status': { '.': {}, 'f:phase': {} } } });
  });

  it('merges the oldest updaters once there are more than ten', () => {
    let object = update(undefined, widget({ extra: { k0: '' } }), 'm0');
    for (let index = 1; index <= 11; index++) {
      const extra = Object.fromEntries(Array.from({ length: index + 1 }, (_, key) => [`k${String(key)}`, '']));
      object = update(object, { ...object, spec: { extra } }, `m${String(index)}`, { now: request.now + index * minute });
    }
    const entries = object.metadata.managedFields ?? [];
    expect(entries).toHaveLength(10);
    expect(entries[0]).toMatchObject({
      manager: 'ancient-changes',
      fieldsV1: { 'f:spec': { 'f:extra': { 'f:k0': {}, 'f:k1': {}, 'f:k2': {} } } },
    });
  });

  it('owns each field once, whoever wrote it', () => {
    const spec = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'), { noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('x', 'y', 'z'), spec), { minLength: 1, maxLength: 8 }), (writes) => {
        let object: KubeObject | undefined;
        for (const [manager, extra] of writes) object = update(object, widget({ extra }), manager);
        const held = Object.values(managers(object ?? widget())).flatMap((fields) =>
          Object.keys(((fields?.['f:spec'] as JsonObject | undefined)?.['f:extra'] as JsonObject | undefined) ?? {}),
        );
        const keys = Object.keys(((object?.spec as JsonObject).extra as JsonObject | undefined) ?? {}).map((key) => `f:${key}`);
        expect(held.filter((key) => key !== '.').sort()).toEqual(keys.sort());
      }),
    );
  });
});

describe('keepTimesOfNoop', () => {
  const live = update(undefined, widget({ size: 1 }), 'creator');
  const later = '2027-01-01T00:00:00Z';
  const touched = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, managedFields: (object.metadata.managedFields ?? []).map((entry) => ({ ...entry, time: later })) },
  });

  it('puts times back when nothing else changed', () => {
    expect(keepTimesOfNoop(live, touched(live))).toEqual(live);
  });

  it('keeps them when something did', () => {
    const changed = touched({ ...live, spec: { size: 2 } });
    expect(keepTimesOfNoop(live, changed)).toBe(changed);
  });
});

describe('defaultManager', () => {
  it.each([
    ['kubectl/v1.33.1 (linux/amd64)', 'kubectl'],
    ['', ''],
    ['mdev\u0007-agent', 'mdev-agent'],
    ['x'.repeat(200), 'x'.repeat(128)],
  ])('makes of %j a manager', (userAgent, manager) => {
    expect(defaultManager(userAgent)).toBe(manager);
  });
});
