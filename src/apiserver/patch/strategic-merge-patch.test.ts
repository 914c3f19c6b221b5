import { describe, expect, it } from 'vitest';
import { nodeSchema } from '../builtin/node-schema.ts';
import type { Json, JsonObject } from '../object.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';
import { StrategicPatchError } from './strategic-patch-error.ts';

const ready = { type: 'Ready', status: 'True' };
const disk = { type: 'DiskPressure', status: 'False' };
const node: JsonObject = {
  metadata: { name: 'n', finalizers: ['a', 'b'], labels: { x: '1', y: '2' } },
  spec: { taints: [{ key: 'k', effect: 'NoSchedule' }], podCIDRs: ['10.0.0.0/24'] },
  status: { conditions: [ready, disk] },
};
const patched = (patch: JsonObject): JsonObject => strategicMergePatch(structuredClone(node), patch, nodeSchema);
const at = (object: JsonObject, ...path: string[]): Json | undefined =>
  path.reduce<Json | undefined>((value, key) => (value as JsonObject)[key], object);

describe('strategicMergePatch', () => {
  it('merges list items by their merge key', () => {
    const result = patched({ status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Down' }] } });
    expect(at(result, 'status', 'conditions')).toEqual([{ type: 'Ready', status: 'False', reason: 'Down' }, disk]);
  });

  it('puts an item with a new key first, as kube-apiserver does', () => {
    const added = { type: 'PIDPressure', status: 'False' };
    expect(at(patched({ status: { conditions: [added] } }), 'status', 'conditions')).toEqual([added, ready, disk]);
  });

  it('deletes an item that is marked', () => {
    const result = patched({ status: { conditions: [{ type: 'Ready', $patch: 'delete' }] } });
    expect(at(result, 'status', 'conditions')).toEqual([disk]);
  });

  it('replaces a whole list that is marked', () => {
    const result = patched({ status: { conditions: [{ $patch: 'replace' }, ready] } });
    expect(at(result, 'status', 'conditions')).toEqual([ready]);
  });

  it('replaces atomic lists', () => {
    const taint = { key: 'other', effect: 'NoExecute' };
    expect(at(patched({ spec: { taints: [taint] } }), 'spec', 'taints')).toEqual([taint]);
  });

  it('adds to sets and deletes from them', () => {
    expect(at(patched({ metadata: { finalizers: ['c', 'a'] } }), 'metadata', 'finalizers')).toEqual(['c', 'a', 'b']);
    const result = patched({ metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } });
    expect(at(result, 'metadata', 'finalizers')).toEqual(['b']);
  });

  it('deletes keys by null, and replaces or empties objects that are marked', () => {
    expect(at(patched({ metadata: { labels: { x: null } } }), 'metadata', 'labels')).toEqual({ y: '2' });
    expect(at(patched({ metadata: { labels: { $patch: 'replace', z: '3' } } }), 'metadata', 'labels')).toEqual({ z: '3' });
    expect(at(patched({ metadata: { labels: { $patch: 'delete' } } }), 'metadata', 'labels')).toEqual({});
  });

  it('keeps only the keys that are retained', () => {
    const result = patched({ metadata: { labels: { $retainKeys: ['x', 'z'], z: '3' } } });
    expect(at(result, 'metadata', 'labels')).toEqual({ x: '1', z: '3' });
    expect(() => patched({ metadata: { labels: { $retainKeys: ['x'], z: '3' } } })).toThrow('invalid patch format of retainKeys');
  });

  it('orders as asked', () => {
    const result = patched({
      status: {
        '$setElementOrder/conditions': [{ type: 'DiskPressure' }, { type: 'Ready' }],
        conditions: [{ type: 'DiskPressure', status: 'True' }],
      },
    });
    expect(at(result, 'status', 'conditions')).toEqual([{ ...disk, status: 'True' }, ready]);
    const set = patched({ metadata: { '$setElementOrder/finalizers': ['b', 'c', 'a'], finalizers: ['c'] } });
    expect(at(set, 'metadata', 'finalizers')).toEqual(['b', 'c', 'a']);
  });

  it('keeps what the order does not name in its place', () => {
    const result = patched({ metadata: { '$setElementOrder/finalizers': ['c'], finalizers: ['c'] } });
    expect(at(result, 'metadata', 'finalizers')).toEqual(['c', 'a', 'b']);
  });

  it.each<[string, JsonObject, 400 | 500]>([
    ['an item without its merge key', { status: { conditions: [{ status: 'True' }] } }, 500],
    ['an unknown directive', { $patch: 'fold' }, 500],
    ['a deletion list that is none', { metadata: { '$deleteFromPrimitiveList/finalizers': 'a' } }, 400],
    ['an order that is none', { metadata: { '$setElementOrder/finalizers': 'a' } }, 400],
  ])('refuses %s', (_what, patch, code) => {
    let refused: unknown;
    try {
      patched(patch);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(StrategicPatchError);
    expect((refused as StrategicPatchError).code).toBe(code);
  });

  it('keeps __proto__ as a plain key', () => {
    const result = strategicMergePatch(
      {},
      JSON.parse('{"metadata":{"labels":{"__proto__":{"polluted":"yes"}}}}') as JsonObject,
      nodeSchema,
    );
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
    expect(JSON.stringify(result)).toContain('__proto__');
  });
});
