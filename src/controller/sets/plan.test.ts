import { describe, expect, it } from 'vitest';
import { planSet, type Pool, type SetDevice, type SetSituation } from './plan.ts';

const pool: Pool = { key: '', stem: 'x', wanted: 3, keepsUsed: false, open: true };

function device(ordinal: number, more: Partial<SetDevice> = {}): SetDevice {
  const base = { pool: '', ready: 'True', deleting: false, inUse: false, outdated: false, lost: false } as const;
  const name = `${more.pool === undefined || more.pool === '' ? 'x' : `x-${more.pool}`}-${ordinal}`;
  return { ...base, name, uid: `uid-${name}`, ordinal, ...more };
}

/** The plan in short: `+x-0` creates, `-x-0` deletes, `~x-0` changes, `=x-0` takes over. */
function plan(devices: readonly SetDevice[], more: Partial<SetSituation> = {}): string {
  const signs = { Create: '+', Delete: '-', Change: '~', Adopt: '=' };
  const { actions } = planSet({ pools: [pool], devices, stranger: () => undefined, adoptable: [], maxUnavailable: 1, ...more });
  return actions.map(({ type, name }) => `${signs[type]}${name}`).join(' ');
}

const wanting = (wanted: number): Pick<SetSituation, 'pools'> => ({ pools: [{ ...pool, wanted }] });

describe('a set', () => {
  it('creates what is missing under the lowest free names', () => {
    expect(plan([])).toBe('+x-0 +x-1 +x-2');
    expect(plan([device(1), device(7)])).toBe('+x-0');
    expect(plan([device(0), device(1), device(2)])).toBe('');
  });

  it('waits for a device that is being deleted, and makes it anew when it is gone', () => {
    expect(plan([device(0), device(1, { deleting: true }), device(2)])).toBe('');
    expect(plan([device(0), device(2)])).toBe('+x-1');
  });

  it('removes the highest ordinals first', () => {
    expect(plan([device(0), device(1), device(2)], wanting(1))).toBe('-x-2 -x-1');
  });

  it('removes a device in use only when no unused one is left', () => {
    const devices = [device(0), device(1, { inUse: true }), device(2, { inUse: true })];
    expect(plan(devices, wanting(2))).toBe('-x-0');
    expect(plan(devices, wanting(1))).toBe('-x-0 -x-2');
  });

  it('removes no more because one that goes is still there', () => {
    expect(plan([device(0), device(1), device(2, { deleting: true, inUse: true })], wanting(2))).toBe('');
  });

  it('replaces one device at a time, the last first, and waits until all are Ready', () => {
    const old = { outdated: true };
    expect(plan([device(0, old), device(1, old), device(2, old)])).toBe('-x-2');
    expect(plan([device(0, old), device(1, old), device(2, { deleting: true })])).toBe('');
    expect(plan([device(0, old), device(1, old), device(2, { ready: 'False' })])).toBe('');
    expect(plan([device(0, old), device(1, old), device(2)])).toBe('-x-1');
  });

  it('replaces as many at a time as maxUnavailable says', () => {
    const old = { outdated: true };
    expect(plan([device(0, old), device(1, old), device(2, old)], { maxUnavailable: 2 })).toBe('-x-2 -x-1');
  });

  it('leaves old devices that are in use, and replaces the others', () => {
    expect(plan([device(0, { outdated: true }), device(1, { outdated: true, inUse: true }), device(2)])).toBe('-x-0');
    expect(plan([device(0), device(1, { outdated: true, inUse: true }), device(2)])).toBe('');
  });

  it('replaces old devices that are not Ready at once: that is what a corrected template is for', () => {
    expect(
      plan([device(0, { outdated: true, ready: 'False' }), device(1, { outdated: true, ready: 'False' }), device(2, { outdated: true })]),
    ).toBe('-x-1 -x-0');
  });

  it('does not replace a device whose node does not report: it may be in use there', () => {
    expect(plan([device(0, { outdated: true, ready: 'Unknown' }), device(1), device(2)])).toBe('');
  });

  it('gives up a device whose node is lost, in use or not', () => {
    expect(plan([device(0, { lost: true, inUse: true, ready: 'Unknown' }), device(1), device(2)])).toBe('-x-0');
  });

  it('does not replace old devices while a lost one is not back', () => {
    expect(plan([device(0, { lost: true, ready: 'Unknown' }), device(1, { outdated: true }), device(2)])).toBe('-x-0');
  });

  it('changes in place what can be changed, but not what goes', () => {
    const change = { spec: { online: false } };
    expect(plan([device(0, { change }), device(1, { change, deleting: true }), device(2, { change, outdated: true })])).toBe('~x-0 ~x-2');
    expect(plan([device(0, { change }), device(1), device(2), device(3, { change })])).toBe('-x-3 ~x-0');
  });

  it('leaves an object with one of its names alone, and tells', () => {
    const stranger = (name: string): { leaving: boolean } | undefined => (name === 'x-1' ? { leaving: false } : undefined);
    const situation = { pools: [pool], devices: [], stranger, adoptable: [], maxUnavailable: 1 };
    expect(planSet(situation)).toMatchObject({
      actions: [
        { type: 'Create', name: 'x-0' },
        { type: 'Create', name: 'x-2' },
      ],
      taken: ['x-1'],
      awaited: [],
    });
    expect(planSet({ ...situation, stranger: () => ({ leaving: true }) })).toMatchObject({ taken: [], awaited: ['x-0', 'x-1', 'x-2'] });
  });

  it('takes over devices of an earlier set before it makes new ones, as many as it needs', () => {
    const adoptable = [8, 4, 6, 5].map((ordinal) => ({ name: `x-${ordinal}`, uid: `u${ordinal}`, pool: '', ordinal, leaving: false }));
    expect(plan([], { adoptable })).toBe('=x-4 =x-5 =x-6');
    expect(plan([device(0), device(1)], { adoptable: adoptable.slice(0, 1), ...wanting(4) })).toBe('=x-8 +x-2');
  });
});

describe('a set with devices on each node', () => {
  const node = (key: string, more: Partial<Pool> = {}): Pool => ({
    key,
    stem: `x-${key}`,
    wanted: 2,
    keepsUsed: false,
    open: true,
    ...more,
  });

  it('fills each node', () => {
    expect(plan([device(0, { pool: 'b' })], { pools: [node('a'), node('b')] })).toBe('+x-a-0 +x-a-1 +x-b-1');
  });

  it('takes from a node that no longer matches what is not in use', () => {
    const devices = [device(0, { pool: 'a', inUse: true }), device(1, { pool: 'a' })];
    expect(plan(devices, { pools: [node('a', { wanted: 0, keepsUsed: true, open: false })] })).toBe('-x-a-1');
  });

  it('takes everything from a node that is gone', () => {
    const devices = [device(0, { pool: 'a', inUse: true, ready: 'Unknown' })];
    expect(plan(devices, { pools: [node('a', { wanted: 0, open: false })] })).toBe('-x-a-0');
  });

  it('replaces nothing on a cordoned node', () => {
    const devices = [device(0, { pool: 'a', outdated: true }), device(0, { pool: 'b', outdated: true })];
    expect(plan(devices, { pools: [node('a', { wanted: 1, open: false }), node('b', { wanted: 1 })] })).toBe('-x-b-0');
  });

  it('counts unavailable devices over all nodes', () => {
    const devices = ['a', 'b'].flatMap((pool) => [0, 1].map((ordinal) => device(ordinal, { pool, outdated: true })));
    expect(plan(devices, { pools: [node('a'), node('b')] })).toBe('-x-a-1');
  });
});
