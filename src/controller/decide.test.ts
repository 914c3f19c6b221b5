import { describe, expect, it } from 'vitest';
import { deviceUUID } from '../api/device-uuid.ts';
import { deviceFinalizer } from '../api/group.ts';
import { decide, type Situation } from './decide.ts';
import { deviceNamed, nodeNamed, parentNamed } from './testing/objects.ts';
import { actionFor, clusterUID, line, situationOf } from './testing/situation.ts';

const small = { type: { id: 'small' } };
const uuid = '12345678-1234-1234-1234-123456789abc';
const pool = { sharing: 'Pooled', types: { small: [8, 8], big: [2, 2] } } as const;
const full = { sharing: 'Pooled', types: { small: [0, 8], big: [0, 2] } } as const;
const finalizers = [deviceFinalizer];
const deletionTimestamp = '2026-02-01T00:00:00Z';

function allocated(parentName: string, created?: { status: 'True' | 'False'; reason: string }, withdrawn?: boolean): object {
  const lastTransitionTime = '2026-01-05T00:00:00Z';
  return {
    allocation: { nodeName: 'n1', parentName, typeID: 'small', ...(withdrawn === undefined ? {} : { withdrawn }) },
    conditions: [
      { type: 'Allocated', status: 'True', reason: 'Allocated', message: '', lastTransitionTime },
      ...(created === undefined ? [] : [{ type: 'Created', message: 'It is so.', lastTransitionTime, ...created }]),
    ],
  };
}

const noCapacity = { status: 'False', reason: 'NoCapacity' } as const;

describe('decide', () => {
  it('gives a new device a place', () => {
    const device = deviceNamed('a', small);
    expect(line(actionFor(device, situationOf({ parents: [parentNamed('p', pool)], devices: [device] })))).toBe('Allocate p small');
  });

  it('does nothing while an allocation is on its way or stands', () => {
    const fresh = deviceNamed('a', small);
    const situation = situationOf({ parents: [parentNamed('p', pool)], devices: [fresh] });
    situation.ledger.assume(fresh, 'p', 'small');
    expect(line(actionFor(fresh, situation))).toBe('None');
    const placed = deviceNamed('b', small, { metadata: { finalizers }, status: allocated('p', { status: 'True', reason: 'Created' }) });
    expect(line(actionFor(placed, situation))).toBe('None');
  });

  it('puts back a finalizer that somebody took off', () => {
    const device = deviceNamed('a', small, { status: allocated('p') });
    expect(line(actionFor(device, situationOf({ parents: [parentNamed('p', pool)], devices: [device] })))).toBe('AddFinalizer');
  });

  it('lets go of a deleted object only if it has no place', () => {
    const situation = situationOf({});
    const never = deviceNamed('a', small, { metadata: { finalizers, deletionTimestamp } });
    const placed = deviceNamed('b', small, { metadata: { finalizers, deletionTimestamp }, status: allocated('p') });
    const leaving = deviceNamed('c', small, { metadata: { finalizers, deletionTimestamp }, status: allocated('p', undefined, true) });
    const left = deviceNamed('d', small, {
      metadata: { finalizers, deletionTimestamp },
      status: allocated('p', { status: 'False', reason: 'Withdrawn' }, true),
    });
    const foreign = deviceNamed('e', small, { metadata: { finalizers: ['other/finalizer'], deletionTimestamp } });
    expect([never, placed, leaving, left, foreign].map((device) => line(actionFor(device, situation)))).toEqual([
      'RemoveFinalizer',
      'None',
      'None',
      'RemoveFinalizer',
      'None',
    ]);
  });

  describe('of a device that cannot be created where it is', () => {
    const device = deviceNamed('a', small, { metadata: { finalizers }, status: allocated('p1', noCapacity) });
    const pinned = deviceNamed(
      'a',
      { ...small, parent: { name: 'p1' } },
      { metadata: { finalizers }, status: allocated('p1', noCapacity) },
    );

    it('withdraws it if another parent has room', () => {
      const parents = [parentNamed('p1', full), parentNamed('p2', pool)];
      expect(line(actionFor(device, situationOf({ parents, devices: [device] })))).toBe('Withdraw p1 for p2');
    });

    it('leaves it if there is no room elsewhere, or it must be there', () => {
      expect(line(actionFor(device, situationOf({ parents: [parentNamed('p1', full), parentNamed('p2', full)], devices: [device] })))).toBe(
        'Stay',
      );
      expect(line(actionFor(pinned, situationOf({ parents: [parentNamed('p1', full), parentNamed('p2', pool)], devices: [pinned] })))).toBe(
        'Stay',
      );
    });

    it('leaves it if it exists, for whatever reason it is said not to', () => {
      const exists = { ...full, devices: [{ uuid: deviceUUID(device, clusterUID), typeID: 'small' }] };
      const parents = [parentNamed('p1', exists), parentNamed('p2', pool)];
      expect(line(actionFor(device, situationOf({ parents, devices: [device] })))).toBe('None');
    });

    it('does not go back where it could not be created, until some time has passed', () => {
      const left = deviceNamed('a', small, {
        metadata: { finalizers },
        status: allocated('p1', { status: 'False', reason: 'Withdrawn' }, true),
      });
      const situation = situationOf({ parents: [parentNamed('p1', pool)], devices: [left] });
      situation.avoidance.remember('uid-a', 'p1');
      expect(line(actionFor(left, situation))).toBe('Refuse Withdrawn');
      expect(situation.avoidance.nextTry('uid-a')).toBe(10_000);
      void situation.clock.advance(10_000);
    });

    it('waits for its agent to confirm a withdrawal', () => {
      const leaving = deviceNamed('a', small, { metadata: { finalizers }, status: allocated('p1', noCapacity, true) });
      expect(line(actionFor(leaving, situationOf({ parents: [parentNamed('p2', pool)], devices: [leaving] })))).toBe('None');
      const left = deviceNamed('a', small, {
        metadata: { finalizers },
        status: allocated('p1', { status: 'False', reason: 'Withdrawn' }, true),
      });
      expect(line(actionFor(left, situationOf({ parents: [parentNamed('p2', pool)], devices: [left] })))).toBe('Allocate p2 small');
    });

    it('moves it from an absent parent only if that was absent when it came', () => {
      const absent = { status: 'False', reason: 'ParentAbsent' } as const;
      const at = (time: string): ReturnType<typeof deviceNamed> => {
        const status = allocated('p1', absent) as { conditions: object[] };
        const conditions = status.conditions.map((condition) => ({ ...condition, lastTransitionTime: time }));
        return deviceNamed('a', small, { metadata: { finalizers }, status: { ...status, conditions } });
      };
      // parentNamed says Present since 2026-01-01.
      const parents = [parentNamed('p1', { ...pool, present: false }), parentNamed('p2', pool)];
      const later = at('2026-01-02T00:00:00Z');
      const earlier = at('2025-12-31T00:00:00Z');
      expect(line(actionFor(later, situationOf({ parents, devices: [later] })))).toBe('Withdraw p1 for p2');
      expect(line(actionFor(earlier, situationOf({ parents, devices: [earlier] })))).toBe('None');
    });
  });

  describe('of two objects with one UUID', () => {
    it('refuses the younger one, whatever the case of its letters, also if the UUID is a derived one', () => {
      const older = deviceNamed('older', small, { at: 1 });
      const younger = deviceNamed('younger', { ...small, uuid: deviceUUID(older, clusterUID).toUpperCase() }, { at: 2 });
      const situation = situationOf({ parents: [parentNamed('p', pool)], devices: [older, younger] });
      expect(line(actionFor(younger, situation))).toBe('Refuse UUIDConflict');
      expect(line(actionFor(older, situation))).toBe('Allocate p small');
    });
  });

  describe('of a device to adopt', () => {
    const adopting = deviceNamed('a', { ...small, uuid, adopt: true });
    const foreign = { ...full, devices: [{ uuid, typeID: 'small' }] } as const;

    it('goes where the device is, though there is no room for another', () => {
      const parents = [parentNamed('p1', pool), parentNamed('p2', foreign)];
      expect(line(actionFor(adopting, situationOf({ parents, devices: [adopting] })))).toBe('Allocate p2 small');
    });

    it.each([
      ['AdoptNotFound when nobody reports it', pool, {}, 'AdoptNotFound'],
      [
        'AdoptNotFound when somebody owns it',
        { ...full, devices: [{ uuid, typeID: 'small', owner: { namespace: 'x', name: 'y', uid: 'z' } }] },
        {},
        'AdoptNotFound',
      ],
      ['AdoptMismatch when it has another type', { ...full, devices: [{ uuid, typeID: 'big' }] }, {}, 'AdoptMismatch'],
      ['AdoptMismatch when it is elsewhere', foreign, { nodeName: 'n2' }, 'AdoptMismatch'],
    ] as const)('is refused with %s', (_, sketch, spec, reason) => {
      const device = deviceNamed('a', { ...small, uuid, adopt: true, ...spec });
      expect(line(actionFor(device, situationOf({ parents: [parentNamed('p', sketch)], devices: [device] })))).toBe(`Refuse ${reason}`);
    });

    it('is refused in a namespace that may not', () => {
      const device = deviceNamed('a', { ...small, uuid, adopt: true }, { metadata: { namespace: 'other' } });
      const situation = situationOf({ parents: [parentNamed('p', foreign)], devices: [device] });
      expect(line(decide(device, situation).get('other/a') ?? { type: 'None' })).toBe('Refuse AdoptNotAllowed');
    });
  });

  describe('of an object that was made anew', () => {
    const owner = { namespace: 'ns', name: 'a', uid: 'former' };
    const orphan = { ...full, devices: [{ uuid, typeID: 'small', owner, orphaned: true }] };
    const parents = [parentNamed('p1', pool), parentNamed('p2', orphan)];

    it('goes where the device of its name still is, and counts as there already', () => {
      const device = deviceNamed('a', small);
      const situation = situationOf({ parents, devices: [device] });
      expect(line(actionFor(device, situation))).toBe('Allocate p2 small');
      situation.ledger.assume(device, 'p2', 'small');
      expect(situation.ledger.candidate('p2')?.pending.size).toBe(0);
    });

    it('goes elsewhere if it asks for another UUID, type or node', () => {
      for (const spec of [{ ...small, uuid: uuid.replace('1', '2') }, { type: { id: 'big' } }]) {
        const device = deviceNamed('a', spec);
        expect(line(actionFor(device, situationOf({ parents, devices: [device] })))).toContain('Allocate p1');
      }
      const device = deviceNamed('a', { ...small, nodeName: 'n2' });
      expect(line(actionFor(device, situationOf({ parents, devices: [device] })))).toBe('Refuse NoMatchingParent');
    });
  });

  describe('of a group', () => {
    const member = (name: string, more: object = {}, at = 1): ReturnType<typeof deviceNamed> =>
      deviceNamed(name, { ...small, group: 'vm', ...more }, { at });
    const tight = { ...pool, types: { small: [1, 8], big: [0, 2] } } as const;

    it('places all members at once, on one parent with room for all', () => {
      const [a, b] = [member('a'), member('b', { type: { id: 'big' } }, 2)];
      const situation = situationOf({ parents: [parentNamed('p1', tight), parentNamed('p2', pool)], devices: [a, b] });
      const decision = decide(b, situation);
      expect([...decision].map(([key, action]) => `${key}: ${line(action)}`)).toEqual(['ns/a: Allocate p2 small', 'ns/b: Allocate p2 big']);
    });

    it('refuses all when no parent has room for all', () => {
      const [a, b] = [member('a'), member('b')];
      const situation = situationOf({ parents: [parentNamed('p1', tight), parentNamed('p2', tight)], devices: [a, b] });
      expect([...decide(a, situation).values()].map(line)).toEqual(['Refuse GroupSplit', 'Refuse GroupSplit']);
    });

    it('follows members that have their place', () => {
      const placed = deviceNamed('a', { ...small, group: 'vm' }, { metadata: { finalizers }, status: allocated('p2') });
      const late = member('late', {}, 5);
      const parents = [parentNamed('p1', { ...pool, devices: [{ uuid, typeID: 'small' }] }), parentNamed('p2', pool)];
      expect(line(actionFor(late, situationOf({ parents, devices: [placed, late] })))).toBe('Allocate p2 small');
      expect(
        line(actionFor(late, situationOf({ parents: [parentNamed('p1', pool), parentNamed('p2', full)], devices: [placed, late] }))),
      ).toBe('Refuse GroupSplit');
    });

    it('is a matter of one namespace', () => {
      const other = deviceNamed('a', { ...small, group: 'vm' }, { metadata: { namespace: 'other', finalizers }, status: allocated('p2') });
      const mine = member('mine');
      const parents = [parentNamed('p1', tight), parentNamed('p2', pool)];
      const used = { ...parentNamed('p1', { ...tight, devices: [{ uuid, typeID: 'big' }] }) };
      expect(line(actionFor(mine, situationOf({ parents: [used, ...parents.slice(1)], devices: [other, mine] })))).toBe(
        'Allocate p1 small',
      );
    });
  });

  describe('on a lost node', () => {
    const deleting = deviceNamed('a', small, { metadata: { finalizers, deletionTimestamp }, status: allocated('p') });
    const parents = [parentNamed('p', pool)];
    const lose = <T extends Situation>(situation: T): T => {
      situation.world.lostNodes.set('n1', { lastHeard: undefined, number: 1 });
      return situation;
    };
    const shutDown = { ...nodeNamed('n1'), spec: { taints: [{ key: 'node.kubernetes.io/out-of-service' }] } };

    it('keeps a deleted object while the node may come back', () => {
      expect(line(actionFor(deleting, lose(situationOf({ parents, devices: [deleting] }))))).toBe('None');
    });

    it.each([
      ['its Node is gone', []],
      ['its Node is out of service', [shutDown]],
    ])('lets go of a deleted object when %s, but not while the agent lives', (_, nodes) => {
      const situation = situationOf({ parents, nodes, devices: [deleting] });
      expect(line(actionFor(deleting, situation))).toBe('None');
      expect(actionFor(deleting, lose(situation))).toEqual({ type: 'RemoveFinalizer', abandoned: 'n1' });
    });

    it('withdraws nothing: nobody can say that nothing is left there', () => {
      const device = deviceNamed('a', small, { metadata: { finalizers }, status: allocated('p1', noCapacity) });
      const elsewhere = parentNamed('p2', { ...pool, node: 'n2' });
      const situation = situationOf({
        parents: [parentNamed('p1', full), elsewhere],
        nodes: [nodeNamed('n1'), nodeNamed('n2')],
        devices: [device],
      });
      expect(line(actionFor(device, situation))).toBe('Withdraw p1 for p2');
      expect(line(actionFor(device, lose(situation)))).toBe('None');
    });

    it('puts nothing, not even an object that was made anew, whose device may still be there, or one to adopt', () => {
      const device = deviceNamed('a', small, { uid: 'new' });
      const owner = { namespace: 'ns', name: 'a', uid: 'old' };
      const adopting = deviceNamed('b', { ...small, uuid, adopt: true });
      const holding = parentNamed('p1', {
        ...pool,
        devices: [
          { uuid: deviceUUID(device, clusterUID), typeID: 'small', owner },
          { uuid, typeID: 'small' },
        ],
      });
      const elsewhere = parentNamed('p2', { ...pool, node: 'n2' });
      const situation = situationOf({
        parents: [holding, elsewhere],
        nodes: [nodeNamed('n1'), nodeNamed('n2')],
        devices: [device, adopting],
      });
      expect(line(actionFor(device, situation))).toBe('Allocate p1 small');
      expect(line(actionFor(adopting, situation))).toBe('Allocate p1 small');
      lose(situation);
      situation.ledger.invalidate('p1');
      expect(line(actionFor(device, situation))).toBe('Allocate p2 small');
      expect(line(actionFor(adopting, situation))).toBe('Refuse NodeLost');
    });
  });

  it('looks at the labels of nodes', () => {
    const device = deviceNamed('a', { ...small, nodeSelector: { zone: 'b' } });
    const parents = [parentNamed('p1', { ...pool, node: 'n1' }), parentNamed('p2', { ...pool, node: 'n2' })];
    const nodes = [nodeNamed('n1', { zone: 'a' }), nodeNamed('n2', { zone: 'b' })];
    expect(line(actionFor(device, situationOf({ parents, nodes, devices: [device] })))).toBe('Allocate p2 small');
  });
});
