import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceSpecSchema } from '../api/mdev-device.ts';
import { capacityModel } from './capacity.ts';
import type { Candidate, PlacementRequest } from './eligibility.ts';
import { choose, explain } from './placement.ts';
import { parentNamed, type ParentSketch } from './testing/objects.ts';

interface NodeSketch {
  readonly labels?: Record<string, string>;
  readonly cordoned?: boolean;
  readonly lost?: boolean;
  readonly missing?: boolean;
}

function candidate(name: string, sketch: ParentSketch = {}, pending: Record<string, number> = {}, node: NodeSketch = {}): Candidate {
  const parent = parentNamed(name, sketch);
  return {
    parent,
    node:
      node.missing === true
        ? undefined
        : { name: parent.spec.nodeName, labels: node.labels ?? {}, unschedulable: node.cordoned === true, lost: node.lost === true },
    model: capacityModel(parent.status),
    pending: new Map(Object.entries(pending)),
  };
}

function request(spec: object, avoid: string[] = []): PlacementRequest {
  return { spec: deviceSpecSchema.parse({ type: { id: 'small' }, ...spec }), avoid: new Set(avoid) };
}

function chosen(spec: object, candidates: readonly Candidate[]): string | undefined {
  return choose([request(spec)], candidates)?.parentName;
}

function why(spec: object, candidates: readonly Candidate[]): string {
  const { reason, message } = explain([request(spec)], candidates);
  return `${reason}: ${message}`;
}

const pool = { sharing: 'Pooled', types: { small: [8, 8], big: [2, 2] } } as const;
const usedPool = { sharing: 'Pooled', types: { small: [4, 8], big: [1, 2] }, devices: [{ uuid: 'u', typeID: 'big' }] } as const;
const grid = { sharing: 'Exclusive', types: { small: [16, 16], big: [4, 4] } } as const;
const fixedGrid = {
  sharing: 'Exclusive',
  types: { small: [15, 16], big: [0, 4] },
  devices: [{ uuid: 'u', typeID: 'small' }],
} as const;

describe('choose', () => {
  it('fills up a parent in use before it begins a new one', () => {
    expect(chosen({}, [candidate('a', pool), candidate('b', usedPool)])).toBe('b');
    expect(chosen({}, [candidate('a', grid), candidate('b', fixedGrid)])).toBe('b');
    expect(chosen({}, [candidate('a', pool), candidate('b', pool, { small: 1 })])).toBe('b');
  });

  it('takes, of parents in use, the one with the least room left, so that big types stay available elsewhere', () => {
    const fuller = { sharing: 'Pooled', types: { small: [2, 8], big: [0, 2] }, devices: usedPool.devices } as const;
    expect(chosen({}, [candidate('a', usedPool), candidate('b', fuller)])).toBe('b');
  });

  it('takes the emptiest parent when asked to spread', () => {
    expect(chosen({ placement: 'Spread' }, [candidate('a', usedPool), candidate('b', pool), candidate('c', pool, { small: 1 })])).toBe('b');
  });

  it('tells equals apart by name, whatever their order', () => {
    const all = ['c', 'a', 'b'].map((name) => candidate(name, pool));
    expect(chosen({}, all)).toBe('a');
    expect(chosen({}, all.toReversed())).toBe('a');
    expect(chosen({ placement: 'Spread' }, all)).toBe('a');
  });

  it('finds a type by its name, and by its id where it has no name', () => {
    const named = { ...pool, names: { small: 'GRID M60-0B' } };
    expect(choose([request({ type: { name: 'GRID M60-0B' } })], [candidate('a', named)])).toMatchObject({ typeIDs: ['small'] });
    expect(choose([request({ type: { name: 'big' } })], [candidate('a', named)])).toMatchObject({ typeIDs: ['big'] });
    expect(choose([request({ type: { name: 'small' } })], [candidate('a', named)])).toBeUndefined();
  });

  it('prefers a parent that can do what is asked for, and takes another only if there is none', () => {
    const plain = candidate('a', { ...pool, features: [] });
    const able = candidate('b', { ...pool, features: ['Params'] });
    expect(chosen({ params: 'x=1' }, [plain, able])).toBe('b');
    expect(chosen({ params: 'x=1' }, [plain])).toBe('a');
  });

  it('places a group only where all of it has room, also when its types differ', () => {
    const both = [request({ type: { id: 'big' } }), request({ type: { id: 'small' } })] as const;
    const tight = { sharing: 'Pooled', types: { small: [4, 8], big: [1, 2] }, devices: usedPool.devices } as const;
    expect(choose(both, [candidate('a', tight)])).toBeUndefined();
    expect(choose(both, [candidate('a', tight), candidate('b', pool)])).toMatchObject({ parentName: 'b', typeIDs: ['big', 'small'] });
    expect(choose(both, [candidate('a', grid)])).toBeUndefined();
  });

  it.each([
    ['nodeName', { nodeName: 'n2' }, candidate('x', { ...pool, node: 'n1' })],
    ['nodeSelector', { nodeSelector: { zone: 'a' } }, candidate('x', pool, {}, { labels: { zone: 'b' } })],
    ['parent name', { parent: { name: '0000:01:00.0' } }, candidate('x', { ...pool, parent: '0000:02:00.0' })],
    ['parent selector', { parent: { selector: { matchLabels: { driver: 'a' } } } }, candidate('x', { ...pool, labels: { driver: 'b' } })],
    ['an unschedulable parent', {}, candidate('x', { ...pool, unschedulable: true })],
    ['a cordoned node', {}, candidate('x', pool, {}, { cordoned: true })],
    ['a lost node', {}, candidate('x', pool, {}, { lost: true })],
    ['a missing node', {}, candidate('x', pool, {}, { missing: true })],
    ['allowedTypes', {}, candidate('x', { ...pool, allowedTypes: ['big'] })],
    ['an absent parent', {}, candidate('x', { ...pool, present: false })],
    ['a full parent', {}, candidate('x', pool, { small: 8 })],
  ])('respects %s', (_, spec, refused) => {
    expect(chosen(spec, [refused])).toBeUndefined();
  });

  it('does not depend on the order of its input', () => {
    const sketch = fc.record({
      free: fc.nat({ max: 8 }),
      pending: fc.nat({ max: 4 }),
    });
    const placing = fc
      .array(sketch, { minLength: 1, maxLength: 8 })
      .chain((sketches) =>
        fc.tuple(
          fc.constant(
            sketches.map(({ free, pending }, index) =>
              candidate(`p${index}`, { sharing: 'Pooled', types: { small: [free, 8] } }, { small: pending }),
            ),
          ),
          fc.shuffledSubarray([...sketches.keys()], { minLength: sketches.length }),
          fc.constantFrom('Spread', 'Compact'),
        ),
      );
    fc.assert(
      fc.property(placing, ([all, order, placement]) => {
        const shuffled = order.flatMap((index) => all[index] ?? []);
        expect(chosen({ placement }, shuffled)).toBe(chosen({ placement }, all));
      }),
    );
  });
});

describe('explain', () => {
  it.each([
    ['there is none', [], 'NoMatchingParent: There is no MdevParent yet. Is an agent running on a node that has one?'],
    [
      'some are full and one is unschedulable',
      [candidate('a', pool, { small: 8 }), candidate('b', pool, { small: 8 }), candidate('c', { ...pool, unschedulable: true })],
      'NoCapacity: 3 parents: 2 have no small left, 1 is unschedulable. It is placed when a device there is deleted or a parent is added.',
    ],
    [
      'none offers the type',
      [candidate('a', { types: { other: [1] } })],
      'NoSuchType: The only parent has no type small. See the types with: kubectl get mdevparents.',
    ],
    [
      'a node is lost',
      [candidate('a', pool, {}, { lost: true }), candidate('b', { types: { other: [1] } })],
      'NodeLost: 2 parents: 1 is on a node that is lost, 1 has no type small. It is placed when the agent of a lost node is heard again, or another parent comes.',
    ],
    [
      'the only node is lost',
      [candidate('a', pool, {}, { lost: true })],
      'NodeLost: The only parent is on a node that is lost. It is placed when the agent of a lost node is heard again, or another parent comes.',
    ],
    [
      'the only one is absent',
      [candidate('a', { ...pool, present: false })],
      'NoMatchingParent: The only parent is not present. It is placed when a parent comes back.',
    ],
  ])('says why when %s', (_, candidates, text) => {
    expect(why({}, candidates)).toBe(text);
  });

  it('names the types when a name means several', () => {
    const twice = candidate('a', { ...pool, names: { small: 'same', big: 'same' } });
    expect(why({ type: { name: 'same' } }, [twice])).toContain('has several types named same (set type.id to one of big, small)');
  });

  it('says which constraint excludes the parents', () => {
    expect(why({ nodeName: 'n7' }, [candidate('a', pool), candidate('b', pool)])).toContain('2 are not on node n7');
    expect(why({ nodeSelector: { a: 'b' } }, [candidate('a', pool)])).toContain('does not match nodeSelector');
  });

  it('blames being together when each of a group would find a place alone', () => {
    const two = [request({ group: 'vm' }), request({ group: 'vm' })] as const;
    const one = { sharing: 'Pooled', types: { small: [1, 8] } } as const;
    expect(explain(two, [candidate('a', one), candidate('b', one)])).toMatchObject({ reason: 'GroupSplit' });
    expect(explain(two, [candidate('a', { ...one, types: { small: [0, 8] } })])).toMatchObject({ reason: 'NoCapacity' });
  });
});
