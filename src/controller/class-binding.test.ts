import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceFinalizer } from '../api/group.ts';
import { matchesSelector } from '../api/label-selector.ts';
import { allowsType } from '../api/mdev-class.ts';
import { refuseByClass } from './class-rules.ts';
import { decide } from './decide.ts';
import { classNamed, deviceNamed, namespaceNamed, nodeNamed, parentNamed } from './testing/objects.ts';
import { actionFor, line, situationOf } from './testing/situation.ts';

const small = { type: { id: 'small' } };
const gold = { ...small, className: 'gold' };
const uuid = '12345678-1234-1234-1234-123456789abc';
const pool = { sharing: 'Pooled', types: { small: [8, 8], big: [2, 2] }, names: { small: 'GRID 1Q' } } as const;
const full = { sharing: 'Pooled', types: { small: [0, 8], big: [0, 2] } } as const;

type Objects = Parameters<typeof situationOf>[0];

/** What is decided about a device with this spec, in words. */
function decided(spec: object, objects: Objects): string {
  const device = deviceNamed('a', spec);
  const action = actionFor(device, situationOf({ parents: [parentNamed('p', pool)], ...objects, devices: [device] }));
  if (action.type === 'Refuse') return `${action.why.reason}: ${action.why.message}`;
  return action.type === 'Allocate' ? `${line(action)} ${action.allocation.className ?? 'without class'}` : line(action);
}

describe('a device and its class', () => {
  it('needs no class when there is none', () => {
    expect(decided({ ...small, uuid, params: 'x' }, {})).toBe('Allocate p small without class');
  });

  it('is allocated under the class that it names, else under the default', () => {
    const classes = [classNamed('gold', {}), classNamed('plain', {}, { isDefault: true })];
    expect(decided(gold, { classes })).toBe('Allocate p small gold');
    expect(decided(small, { classes })).toBe('Allocate p small plain');
  });

  it('waits for a class that is not there', () => {
    expect(decided(gold, { classes: [classNamed('silver', {})] })).toBe(
      'ClassNotFound: There is no MdevClass gold (spec.className). See those there are with: kubectl get mdevclasses.',
    );
  });

  it('is bound by the newest of several defaults, and of those of one second by the first in the alphabet', () => {
    const old = classNamed('old', {}, { isDefault: true, at: 1 });
    const twins = [classNamed('c', {}, { isDefault: true, at: 2 }), classNamed('b', {}, { isDefault: true, at: 2 })];
    expect(decided(small, { classes: [old, ...twins, classNamed('a', {}, { at: 3 })] })).toBe('Allocate p small b');
  });

  it('waits when its class refuses it, also by the labels of its namespace', () => {
    const classes = [classNamed('gold', { namespaces: { selector: { matchLabels: { tier: 'one' } } } })];
    expect(decided(gold, { classes })).toContain('NotAllowedByClass: Class gold does not allow namespace ns.');
    expect(decided(gold, { classes, namespaces: [namespaceNamed('ns', { tier: 'one' })] })).toBe('Allocate p small gold');
  });

  it('goes only to parents of its class, and says which are not', () => {
    const parents = [
      parentNamed('p1', { ...pool, labels: { tier: 'one' }, node: 'n2' }),
      parentNamed('p2', pool),
      parentNamed('p3', { ...full, labels: { tier: 'one' } }),
    ];
    const nodes = [nodeNamed('n1', { zone: 'a' }), nodeNamed('n2', { zone: 'b' })];
    const select = (selection: object): Objects => ({ parents, nodes, classes: [classNamed('gold', { parents: selection })] });
    expect(decided(gold, select({ selector: { matchLabels: { tier: 'one' } } }))).toBe('Allocate p1 small gold');
    expect(decided(gold, select({ nodeSelector: { zone: 'b' } }))).toBe('Allocate p1 small gold');
    expect(decided(gold, select({ nodeSelector: { zone: 'a' } }))).toBe('Allocate p2 small gold');
    expect(decided(gold, select({ selector: { matchLabels: { tier: 'one' } }, nodeSelector: { zone: 'a' } }))).toBe(
      'NoCapacity: 3 parents: 1 has no small left, 2 are not in class gold. It is placed when a device there is deleted or a parent is added.',
    );
    expect(decided(gold, select({ nodeSelector: { zone: 'c' } }))).toBe(
      'NotAllowedByClass: 3 parents: 3 are not in class gold. Name another class, or have the class or the labels of a parent changed.',
    );
  });

  it('may have a type that its class knows by name and it asks for by id, as far as the parent says they are one', () => {
    const classes = [classNamed('gold', { types: [{ name: 'GRID *Q' }] })];
    expect(decided(gold, { classes })).toBe('Allocate p small gold');
    expect(decided({ ...gold, type: { id: 'big' } }, { classes })).toBe(
      'NotAllowedByClass: The only parent has big, which class gold does not allow. Name another class, or have the class or the labels of a parent changed.',
    );
  });

  it('says by which id a parent knows a type that its class does not allow', () => {
    const named = { ...gold, type: { name: 'GRID 1Q' } };
    expect(decided(named, { classes: [classNamed('gold', { types: [{ id: 'big' }] })] })).toContain(
      'The only parent has GRID 1Q (small), which class gold does not allow.',
    );
  });

  it('adopts only where both its class and the controller allow it, and on parents of the class', () => {
    const parents = [parentNamed('p', { ...pool, devices: [{ uuid, typeID: 'small' }] })];
    const adopting = { ...gold, adopt: true, uuid };
    expect(decided(adopting, { parents, classes: [classNamed('gold', { allowAdopt: true })] })).toBe('Allocate p small gold');
    expect(decided(adopting, { parents, classes: [classNamed('gold', {})] })).toContain('does not allow taking over a device');
    const elsewhere = { selector: { matchLabels: { tier: 'one' } } };
    expect(decided(adopting, { parents, classes: [classNamed('gold', { allowAdopt: true, parents: elsewhere })] })).toBe(
      `NotAllowedByClass: Device ${uuid} is on p, which is not in class gold.`,
    );
    const situation = situationOf({ parents, classes: [classNamed('gold', { allowAdopt: true })] });
    const stranger = deviceNamed('a', adopting);
    expect(line(actionFor(stranger, { ...situation, mayAdopt: () => false }))).toBe('Refuse AdoptNotAllowed');
  });

  it('does not hold up the others of its group when its class refuses it', () => {
    const [mine, other] = [deviceNamed('a', { ...small, group: 'vm' }), deviceNamed('b', { ...gold, group: 'vm' })];
    const situation = situationOf({ parents: [parentNamed('p', pool)], devices: [mine, other] });
    expect([...decide(mine, situation)].map(([key, action]) => `${key} ${line(action)}`)).toEqual(['ns/a Allocate p small']);
    expect(line(actionFor(other, situation))).toBe('Refuse ClassNotFound');
  });

  it('keeps its place whatever becomes of its class, also where it cannot be created there', () => {
    const allocation = { nodeName: 'n1', parentName: 'p', typeID: 'small' };
    const created = {
      type: 'Created',
      status: 'False',
      reason: 'NoCapacity',
      message: 'Full.',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const metadata = { finalizers: [deviceFinalizer] };
    const placed = deviceNamed('a', gold, { metadata, status: { allocation } });
    const stuck = deviceNamed('b', gold, { metadata, status: { allocation, conditions: [created] } });
    const parents = [parentNamed('p', full), parentNamed('q', pool)];
    const forbidding = [classNamed('gold', { types: [] })];
    expect(line(actionFor(placed, situationOf({ parents, devices: [placed], classes: forbidding })))).toBe('None');
    expect(line(actionFor(stuck, situationOf({ parents, devices: [stuck], classes: forbidding })))).toBe('Stay');
    expect(line(actionFor(stuck, situationOf({ parents, devices: [stuck], classes: [classNamed('gold', {})] })))).toBe('Withdraw p for q');
  });
});

describe('whatever is in a class', () => {
  const tiers = fc.constantFrom('one', 'two', 'three');
  const parents = fc.array(fc.record({ tier: tiers, free: fc.nat({ max: 2 }) }), { minLength: 1, maxLength: 5 });
  const classSpec = fc.record(
    {
      parents: fc.record({ selector: fc.record({ matchLabels: fc.record({ tier: tiers }) }) }),
      types: fc.subarray([{ id: 'small' }, { id: 'b*' }, { name: 'GRID *' }]),
      params: fc.subarray(['x', 'y*']),
      allowPinnedUUID: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const deviceSpec = fc.record(
    {
      type: fc.constantFrom({ id: 'small' }, { id: 'big' }, { name: 'GRID 1Q' }),
      params: fc.constantFrom('x', 'yes', 'z'),
      uuid: fc.constant(uuid),
    },
    { requiredKeys: ['type'] },
  );

  it('a device goes only where its class allows it, and never where it could not go without', () => {
    let allocated = 0;
    fc.assert(
      fc.property(parents, classSpec, deviceSpec, fc.boolean(), (sketches, spec, wanted, isDefault) => {
        const mdevClass = classNamed('gold', spec, { isDefault });
        const device = deviceNamed('a', { ...wanted, ...(!isDefault && { className: 'gold' }) });
        const all = sketches.map(({ tier, free }, index) =>
          parentNamed(`p${index}`, { ...pool, types: { small: [free, 8], big: [Math.min(free, 1), 2] }, labels: { tier } }),
        );
        const action = actionFor(device, situationOf({ parents: all, devices: [device], classes: [mdevClass] }));
        const unbound = deviceNamed('a', wanted);
        const without = actionFor(unbound, situationOf({ parents: all, devices: [unbound] }));
        if (action.type !== 'Allocate') return;
        allocated += 1;
        const { parentName, typeID, className } = action.allocation;
        expect(className).toBe('gold');
        expect(without.type).toBe('Allocate');
        expect(refuseByClass(device.spec, { name: 'ns', labels: {} }, mdevClass)).toBeUndefined();
        const parent = all.find(({ metadata }) => metadata.name === parentName);
        expect(matchesSelector(mdevClass.spec.parents?.selector, parent?.metadata.labels)).toBe(true);
        expect(allowsType(mdevClass.spec, typeID, typeID === 'small' ? 'GRID 1Q' : undefined)).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(allocated).toBeGreaterThan(5);
  });
});
