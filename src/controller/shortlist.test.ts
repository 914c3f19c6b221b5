import { describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';
import { deviceNamed, parentNamed } from './testing/objects.ts';
import { situationOf } from './testing/situation.ts';

// That it answers as `choose` does in any history is held by ledger.model.test.ts.
describe('the best parent, kept from decision to decision', () => {
  const full = parentNamed('full', { sharing: 'Pooled', types: { t: [1, 8] } });
  const empty = parentNamed('empty', { sharing: 'Pooled', types: { t: [8, 8] } });
  const request = { spec: deviceNamed('d', { type: { id: 't' } }).spec };

  it('is another one for a device that avoids it', () => {
    const { ledger } = situationOf({ parents: [full, empty] });
    expect(ledger.best(request, 'id:t')?.parentName).toBe('full');
    expect(ledger.best({ ...request, avoid: new Set(['full']) }, 'id:t')?.parentName).toBe('empty');
    expect(ledger.best({ ...request, avoid: new Set(['full', 'empty']) }, 'id:t')).toBeUndefined();
  });

  it('is another one once something was put on it, and again when that has gone', () => {
    const situation = situationOf({ parents: [full, empty] });
    const { ledger } = situation;
    const device = deviceNamed('d', { type: { id: 't' } });
    situation.world.devices.upsert(device);
    expect(ledger.best(request, 'id:t')?.parentName).toBe('full');
    ledger.assume(device, 'full', 't');
    expect(ledger.best(request, 'id:t')?.parentName).toBe('empty');
    ledger.forget('uid-d');
    expect(ledger.best(request, 'id:t')?.parentName).toBe('full');
  });

  it('is a parent that has come, and none that has gone', () => {
    const { world, ledger } = situationOf({ parents: [empty] });
    expect(ledger.best(request, 'id:t')?.parentName).toBe('empty');
    world.parents.upsert(full);
    ledger.invalidate('full');
    expect(ledger.best(request, 'id:t')?.parentName).toBe('full');
    world.parents.delete('full');
    ledger.invalidate('full');
    expect(ledger.best(request, 'id:t')?.parentName).toBe('empty');
  });

  it('is one for each kind of request, of which the attributes and the UUID say nothing', () => {
    const silent = parentNamed('a', { sharing: 'Pooled', types: { t: [8, 8] }, features: [] });
    const able = parentNamed('b', { sharing: 'Pooled', types: { t: [8, 8] }, features: ['Attributes'] });
    const { ledger } = situationOf({ parents: [silent, able] });
    const asking = (spec: object): string | undefined =>
      ledger.best({ spec: deviceNamed('d', { type: { id: 't' }, ...spec }).spec }, 'id:t')?.parentName;
    expect(asking({})).toBe('a');
    expect(asking({ attributes: [{ name: 'x', value: '1' }] })).toBe('b');
    expect(asking({ attributes: [{ name: 'y', value: '2' }], uuid: '12345678-1234-1234-1234-123456789abc' })).toBe('b');
    expect(asking({ parent: { name: 'b' } })).toBe('b');
  });

  it('is asked of a ledger that has just been made, too', () => {
    const { world } = situationOf({ parents: [full] });
    expect(new Ledger(world).best(request, 'id:t')?.typeIDs).toEqual(['t']);
  });
});
