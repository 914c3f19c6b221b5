import { describe, expect, it } from 'vitest';
import { Lanes } from './lanes.ts';

describe('Lanes', () => {
  it('lets so many in per parent and wakes the others in their order', () => {
    const woken: string[] = [];
    const lanes = new Lanes(2, (key) => woken.push(key));
    expect(['a', 'b', 'c', 'd'].map((key) => lanes.tryEnter('p', key))).toEqual([true, true, false, false]);
    expect(lanes.tryEnter('q', 'c')).toBe(true);
    lanes.leave('a');
    expect(woken).toEqual(['c']);
    expect(lanes.tryEnter('p', 'c')).toBe(true);
    expect(lanes.tryEnter('p', 'e')).toBe(false);
    lanes.leave('b');
    lanes.leave('c');
    expect(woken).toEqual(['c', 'd', 'e']);
  });

  it('passes a kept place on when the woken one did not need it', () => {
    const woken: string[] = [];
    const lanes = new Lanes(1, (key) => woken.push(key));
    lanes.tryEnter('p', 'a');
    lanes.tryEnter('p', 'b');
    lanes.tryEnter('p', 'c');
    lanes.leave('a');
    lanes.leave('b');
    expect(woken).toEqual(['b', 'c']);
    lanes.leave('c');
    expect(lanes.tryEnter('p', 'd')).toBe(true);
  });

  it('lets a key in again that is in', () => {
    const lanes = new Lanes(1, () => undefined);
    expect(lanes.tryEnter('p', 'a')).toBe(true);
    expect(lanes.tryEnter('p', 'a')).toBe(true);
  });
});
