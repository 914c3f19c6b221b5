import { describe, expect, it } from 'vitest';
import { ManualClock } from '../lib/manual-clock.ts';
import { Gates } from './gates.ts';

const failure = { kind: 'create', uid: 'u', generation: 1, claims: [], easedByParent: true } as const;

describe('Gates', () => {
  it('keep a failed action back for longer each time it fails', async () => {
    const clock = new ManualClock();
    const gates = new Gates(clock, () => 1);
    expect([1, 2, 3].map(() => gates.close('k', failure).until)).toEqual([500, 1000, 2000]);
    expect(gates.closed('k', 'create', 'u', 1)).toMatchObject({ failures: 3 });
    await clock.advance(2000);
    expect(gates.closed('k', 'create', 'u', 1)).toBeUndefined();
  });

  it('keep back only that action, of that object as it was', () => {
    const gates = new Gates(new ManualClock(), () => 1);
    gates.close('k', failure);
    expect(gates.closed('k', 'remove', 'u', 1)).toBeUndefined();
    expect(gates.closed('k', 'create', 'u', 2)).toBeUndefined();
    expect(gates.closed('k', 'create', 'v', 1)).toBeUndefined();
    expect(gates.closed('other', 'create', 'u', 1)).toBeUndefined();
  });

  it('open when something has changed, without forgetting the failures', () => {
    const gates = new Gates(new ManualClock(), () => 1);
    gates.close('k', failure);
    gates.open('k', ({ easedByParent }) => !easedByParent);
    expect(gates.closed('k', 'create', 'u', 1)).toBeDefined();
    gates.open('k', ({ easedByParent }) => easedByParent);
    expect(gates.closed('k', 'create', 'u', 1)).toBeUndefined();
    expect(gates.close('k', failure).failures).toBe(2);
  });
});
