import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, messageOf } from './harness.ts';

const gold = { type: { id: 'small' }, className: 'gold' };
const free = { type: { id: 'small' } };
const pool = { types: { small: [8, 8], big: [2, 2] } } as const;

describe('the controller and classes', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await Bench.start();
    await bench.node('n1');
    await bench.parent('p1', pool);
    await bench.startController();
  });

  afterEach(async () => {
    await bench[Symbol.asyncDispose]();
  });

  it('has a device wait for its class, and puts the class that allowed it into the allocation', async () => {
    await bench.create('a', gold);
    expect(messageOf(await bench.refused('a', 'ClassNotFound'), 'Ready')).toContain('There is no MdevClass gold');
    await bench.mdevClass('gold', {});
    const device = await bench.placed('a', 'p1');
    expect(device.status?.allocation).toEqual({ nodeName: 'n1', parentName: 'p1', typeID: 'small', className: 'gold' });
    expect(messageOf(device, 'Allocated')).toBe('Placed on p1 of node n1, as class gold allows.');
    await bench.stopController();
    expect(bench.writes).toBe(1 + 2);
  });

  it('says what a class does not allow, and goes on when the class allows it', async () => {
    await bench.mdevClass('gold', { params: ['frl=60'] });
    await bench.create('a', { ...gold, params: 'frl=30' });
    expect(messageOf(await bench.refused('a', 'NotAllowedByClass'), 'Allocated')).toBe(
      'Class gold does not allow params frl=30 (spec.params). It allows: frl=60.',
    );
    expect(await bench.event('NotAllowedByClass')).toMatchObject({ involvedObject: { kind: 'MdevDevice', name: 'a' } });
    await bench.mdevClass('gold', { params: ['frl=*'] });
    await bench.placed('a', 'p1');
  });

  it('binds devices that name no class by the default class, but none that was allocated before', async () => {
    await bench.create('before', { ...free, params: 'x' });
    await bench.placed('before', 'p1');
    await bench.mdevClass('strict', { params: [] }, true);
    // Until its watch has told the controller, a new class does not bind: this one shows that it has.
    await bench.create('probe', { ...free, className: 'strict' });
    await bench.placed('probe', 'p1');
    await bench.create('after', { ...free, params: 'x' });
    expect(messageOf(await bench.refused('after', 'NotAllowedByClass'), 'Allocated')).toContain('The default class strict');
    await bench.create('obedient', free);
    expect((await bench.placed('obedient', 'p1')).status?.allocation?.className).toBe('strict');
    await bench.stopController();
    await bench.startController('two');
    await bench.create('latest', free);
    await bench.placed('latest', 'p1');
    expect((await bench.placed('before', 'p1')).status?.allocation).toEqual({ nodeName: 'n1', parentName: 'p1', typeID: 'small' });
  });

  it('lets a waiting device name another class, once', async () => {
    await bench.mdevClass('strict', { types: [] }, true);
    await bench.mdevClass('gold', {});
    await bench.create('probe', gold);
    await bench.placed('probe', 'p1');
    await bench.create('a', free);
    await bench.refused('a', 'NotAllowedByClass');
    await bench.nameClass('a', 'gold');
    expect((await bench.placed('a', 'p1')).status?.allocation?.className).toBe('gold');
    await expect(bench.nameClass('a', 'strict')).rejects.toThrow(/className is immutable/);
  });

  it('looks at the labels of the namespace', async () => {
    await bench.mdevClass('gold', { namespaces: { selector: { matchLabels: { tier: 'one' } } } });
    await bench.create('a', gold);
    expect(messageOf(await bench.refused('a', 'NotAllowedByClass'), 'Allocated')).toContain('does not allow namespace default');
    await bench.labelNamespace('default', { tier: 'one' });
    await bench.placed('a', 'p1');
  });

  it('names the parents that are not in the class, and takes one that comes into it', async () => {
    await bench.mdevClass('gold', { parents: { selector: { matchLabels: { tier: 'one' } } } });
    await bench.parent('p2', { types: { small: [0, 8], big: [0, 2] }, labels: { tier: 'one' } });
    await bench.create('a', gold);
    expect(messageOf(await bench.refused('a', 'NoCapacity'), 'Allocated')).toContain(
      '2 parents: 1 has no small left, 1 is not in class gold.',
    );
    await bench.parent('p1', { ...pool, labels: { tier: 'one' } });
    await bench.placed('a', 'p1');
  });

  it('tells the older of two default classes that it does not count', async () => {
    await bench.mdevClass('one', {}, true);
    await bench.mdevClass('two', {}, true);
    const event = await bench.event('SeveralDefaultClasses');
    expect(event).toMatchObject({ type: 'Warning', involvedObject: { kind: 'MdevClass', apiVersion: 'mediated.dev/v1alpha1' } });
  });
});
