import { describe, expect, it } from 'vitest';
import { conflictWinner } from './conflict.ts';
import { deviceNamed } from './testing/objects.ts';

const spec = { type: { id: 'a' }, uuid: '12345678-1234-1234-1234-123456789abc' };
const placed = { allocation: { nodeName: 'n1', parentName: 'p', typeID: 'a' } };
const deleting = { deletionTimestamp: '2026-01-02T00:00:00Z' };

describe('conflictWinner', () => {
  const older = deviceNamed('older', spec, { at: 1 });
  const younger = deviceNamed('younger', spec, { at: 2 });

  it('lets the older win', () => {
    expect(conflictWinner(younger, [younger, older])).toBe(older);
    expect(conflictWinner(older, [younger, older])).toBeUndefined();
  });

  it('lets the smaller UID win within a second', () => {
    const a = deviceNamed('z', spec, { at: 1, uid: 'a' });
    const b = deviceNamed('a', spec, { at: 1, uid: 'b' });
    expect(conflictWinner(b, [a, b])).toBe(a);
    expect(conflictWinner(a, [b, a])).toBeUndefined();
  });

  it('lets who has a place keep it within a second, for its device may exist', () => {
    const a = deviceNamed('a', spec, { at: 1, uid: 'a' });
    const b = deviceNamed('b', spec, { at: 1, uid: 'b', status: placed });
    expect(conflictWinner(a, [a, b])).toBe(b);
  });

  it('counts an object that is being deleted only as long as it has a place', () => {
    const going = deviceNamed('going', spec, { at: 0, metadata: deleting });
    const goingPlaced = deviceNamed('going', spec, { at: 0, metadata: deleting, status: placed });
    expect(conflictWinner(younger, [going, younger])).toBeUndefined();
    expect(conflictWinner(younger, [goingPlaced, younger])).toBe(goingPlaced);
  });
});
