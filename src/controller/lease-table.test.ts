import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeaseTable } from './lease-table.ts';

describe('LeaseTable', () => {
  it('names a node whose Lease did not change for its duration, once, and only then', () => {
    const table = new LeaseTable();
    table.follow('a', 'r0', 40_000, 0);
    expect(table.takeDue(39_999)).toEqual([]);
    expect(table.next()).toBe(40_000);
    expect(table.takeDue(40_000)).toEqual(['a']);
    expect(table.takeDue(50_000)).toEqual([]);
    expect(table.checked('a', 50_000)).toBe(true);
  });

  it('looks at changes only: a renewTime of years ago is as good as one of next year', () => {
    const table = new LeaseTable();
    table.follow('a', '2031-01-01', 40_000, 0);
    expect(table.seen('a', '1970-01-01', 40_000, 39_000)).toBe('Heard');
    expect(table.seen('a', '1970-01-01', 40_000, 70_000)).toBe('Same');
    expect(table.takeDue(78_999)).toEqual([]);
    expect(table.takeDue(79_000)).toEqual(['a']);
  });

  it('takes back a node that is heard while it is being looked at', () => {
    const table = new LeaseTable();
    table.follow('a', 'r0', 40_000, 0);
    table.takeDue(40_000);
    expect(table.isDue('a', 40_000)).toBe(true);
    expect(table.seen('a', 'r1', 40_000, 40_001)).toBe('Heard');
    expect(table.isDue('a', 40_001)).toBe(false);
    expect(table.checked('a', 40_002)).toBe(false);
    expect(table.next()).toBe(80_001);
  });

  it('says when a lost node returns, and does not lose it again before its time', () => {
    const table = new LeaseTable();
    table.follow('a', 'r0', 40_000, 0);
    table.takeDue(40_000);
    table.checked('a', 40_000);
    expect(table.next()).toBeUndefined();
    expect(table.seen('a', 'r1', 40_000, 60_000)).toBe('Returned');
    expect(table.takeDue(99_999)).toEqual([]);
    expect(table.takeDue(100_000)).toEqual(['a']);
  });

  it('knows nothing of nodes that it was not told to judge', () => {
    expect(new LeaseTable().seen('a', 'r1', 40_000, 0)).toBeUndefined();
  });

  it('agrees with a table that remembers everything that ever happened', () => {
    const nodes = ['a', 'b', 'c'];
    const event = fc.record({
      kind: fc.constantFrom('renew' as const, 'same' as const, 'interrupt' as const, 'sweep' as const),
      node: fc.constantFrom(...nodes),
      after: fc.integer({ min: 0, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 60 }), (events, duration) => {
        const table = new LeaseTable();
        // The model: all that gave a node its whole time again, and whether it was found lost since it was last heard.
        const given = new Map(nodes.map((node) => [node, [0]]));
        const lost = new Set<string>();
        for (const node of nodes) table.follow(node, 'r0', duration, 0);
        let now = 0;
        let renewals = 0;
        const last = new Map(nodes.map((node) => [node, 'r0']));
        for (const { kind, node, after } of events) {
          now += after;
          if (kind === 'renew') {
            renewals += 1;
            last.set(node, `r${renewals}`);
            expect(table.seen(node, `r${renewals}`, duration, now)).toBe(lost.delete(node) ? 'Returned' : 'Heard');
            given.get(node)?.push(now);
          } else if (kind === 'same') {
            expect(table.seen(node, last.get(node), duration, now)).toBe('Same');
          } else if (kind === 'interrupt') {
            table.interrupted(now);
            for (const times of given.values()) times.push(now);
          } else {
            const expected = nodes.filter((each) => !lost.has(each) && Math.max(...(given.get(each) ?? [])) + duration <= now);
            const due = table.takeDue(now);
            expect(due).toEqual(expected);
            for (const each of due) {
              expect(table.checked(each, now)).toBe(true);
              lost.add(each);
            }
          }
          const deadlines = nodes.filter((each) => !lost.has(each)).map((each) => Math.max(...(given.get(each) ?? [])) + duration);
          expect(table.next()).toBe(deadlines.length === 0 ? undefined : Math.min(...deadlines));
        }
      }),
    );
  });
});
