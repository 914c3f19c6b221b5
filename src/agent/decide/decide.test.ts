import { describe, expect, it } from 'vitest';
import { attributesDigest } from '../record/record.ts';
import { decide, decideOrphan } from './decide.ts';
import { desiredDevice, device, object, observed, parent, parentType, record, uuid } from './fixtures.ts';
import type { Action, Desired, Observed } from './types.ts';

interface Row {
  readonly it: string;
  readonly desired?: Partial<Desired>;
  readonly observed?: Partial<Observed>;
  readonly action: Action['kind'] | Partial<Action>;
  /** Reason of Created and Ready where the pass ends. */
  readonly reason?: string;
}

const attributes = [
  { name: 'a', value: '1' },
  { name: 'b', value: '2' },
];
const digest = attributesDigest(attributes, undefined);
const other = { uid: 'uid-9', namespace: 'other', name: 'thief' };
const inUse = { inUse: true, known: [{ pid: 7, comm: 'qemu' }] };

const creation: Row[] = [
  { it: 'creates a device that is not there', action: { kind: 'create' } },
  { it: 'waits for a parent that is not registered', observed: { parent: undefined }, action: 'wait', reason: 'ParentAbsent' },
  { it: 'waits while the parent leaves', observed: { parent: parent({ leaving: true }) }, action: 'wait', reason: 'ParentLeaving' },
  { it: 'says when the parent does not offer the type', desired: { typeID: 'nvidia-99' }, action: 'wait', reason: 'UnknownType' },
  {
    it: 'waits when no instance is left',
    observed: { parent: parent({ types: [parentType({ availableInstances: 0 })] }) },
    action: 'wait',
    reason: 'NoCapacity',
  },
  {
    it: 'refuses params that the parent does not take',
    desired: { params: 'x=1' },
    observed: { parent: parent({ features: [] }) },
    action: 'wait',
    reason: 'Unsupported',
  },
  {
    it: 'refuses a group on a parent that cannot group',
    desired: { group: 'vm-1' },
    observed: { parent: parent({ features: [] }) },
    action: 'wait',
    reason: 'Unsupported',
  },
  {
    it: 'refuses attributes on a parent without',
    desired: { attributes, digest },
    observed: { parent: parent({ features: [] }) },
    action: 'wait',
    reason: 'Unsupported',
  },
  {
    it: 'leaves a device alone that somebody else made under the UUID',
    observed: { device: device() },
    action: 'wait',
    reason: 'ForeignDevice',
  },
  {
    it: 'lets the older object have the UUID',
    observed: { rival: { namespace: 'default', name: 'older' } },
    action: 'wait',
    reason: 'UUIDConflict',
  },
  {
    it: 'keeps its device though an older object claims the UUID later',
    observed: { record: record(), device: device(), rival: { namespace: 'default', name: 'older' } },
    action: 'none',
    reason: 'Ready',
  },
  {
    it: "does not touch a device that another object's record owns",
    observed: { record: record({ object: other }), device: device() },
    action: 'wait',
    reason: 'UUIDConflict',
  },
  { it: 'does nothing when the record cannot be read', observed: { recordUnreadable: true }, action: 'wait', reason: 'RecordFailed' },
];

const crashes: Row[] = [
  { it: 'creates again when the crash came before the create', observed: { record: record({ step: 'creating' }) }, action: 'create' },
  {
    it: 'finishes a device that was made when the crash came',
    observed: { record: record({ step: 'creating' }), device: device() },
    action: 'settle',
  },
  {
    it: 'waits for a create that the kernel has not finished',
    observed: { record: record({ step: 'creating' }), device: device({ state: 'creating' }) },
    action: 'wait',
    reason: 'KernelBlocked',
  },
  {
    it: 'starts again when the creation was before a reboot',
    observed: { record: record({ step: 'creating', bootID: 'boot-0' }) },
    action: { kind: 'create' },
  },
  {
    it: 'gives up its claim when somebody made the device after a reboot',
    observed: { record: record({ step: 'creating', bootID: 'boot-0' }), device: device() },
    action: 'forget',
  },
  {
    it: 'goes on with the attribute after the last that is known to be written',
    desired: { attributes, digest },
    observed: {
      record: record({ step: 'attributes', attributes: { total: 2, written: 1, writing: false, digest } }),
      device: device(),
    },
    action: { kind: 'writeAttribute', index: 1 },
  },
  {
    it: 'rolls back a device of which nobody knows whether an attribute was written',
    desired: { attributes, digest },
    observed: { record: record({ step: 'attributes', attributes: { total: 2, written: 1, writing: true, digest } }), device: device() },
    action: { kind: 'remove', why: 'rollback' },
  },
  {
    it: 'waits with that until the kernel has answered the write',
    desired: { attributes, digest },
    observed: {
      record: record({ step: 'attributes', attributes: { total: 2, written: 1, writing: true, digest } }),
      device: device({ blockedSince: '2026-01-01T00:00:00Z' }),
    },
    action: 'wait',
    reason: 'KernelBlocked',
  },
  {
    it: 'ends a rollback that was under way',
    observed: { record: record({ step: 'removing' }), device: device() },
    action: { kind: 'remove', why: 'rollback' },
  },
  { it: 'forgets what was rolled back', observed: { record: record({ step: 'removing' }) }, action: 'forget' },
];

const life: Row[] = [
  { it: 'is content with a device as specified', observed: { record: record(), device: device() }, action: 'none', reason: 'Ready' },
  { it: 'makes a device again that was removed by hand', observed: { record: record() }, action: { kind: 'create', lost: 'by-hand' } },
  {
    it: 'makes a device again after a reboot',
    observed: { record: record({ bootID: 'boot-0' }) },
    action: { kind: 'create', lost: 'reboot' },
  },
  {
    it: 'gives up its claim when somebody made another device under the UUID',
    observed: { record: record(), device: device({ typeID: 'nvidia-12' }) },
    action: 'forget',
  },
  {
    it: 'waits while somebody removes the device by hand',
    observed: { record: record(), device: device({ state: 'removing' }) },
    action: 'wait',
    reason: 'Removing',
  },
  {
    it: 'switches a device on',
    observed: { record: record(), device: device({ online: false }) },
    action: { kind: 'setOnline', online: true },
  },
  {
    it: 'switches a device off',
    desired: { online: false },
    observed: { record: record(), device: device() },
    action: { kind: 'setOnline', online: false },
  },
  {
    it: 'says that an offline device is as specified',
    desired: { online: false },
    observed: { record: record(), device: device({ online: false }) },
    action: 'none',
    reason: 'Offline',
  },
  {
    it: 'says that a device cannot be taken offline',
    desired: { online: false },
    observed: { record: record(), device: { id: uuid, parent: '0000:86:00.0', typeID: 'nvidia-11', state: 'live' } },
    action: 'none',
    reason: 'Unsupported',
  },
  {
    it: 'joins the devices of its group',
    desired: { group: 'vm-1' },
    observed: { record: record(), device: device(), groupMates: [device({ id: 'a', group: 2 })] },
    action: { kind: 'setGroup', ids: [uuid, 'a'] },
  },
  {
    it: 'is content in its group',
    desired: { group: 'vm-1' },
    observed: { record: record(), device: device(), groupMates: [device({ id: 'a', group: 1 })] },
    action: 'none',
    reason: 'Ready',
  },
  {
    it: 'does not move a device that exists elsewhere',
    observed: { record: record({ parent: 'old' }), device: device({ parent: 'old' }) },
    action: 'wait',
    reason: 'InvalidSpec',
  },
];

const adoption: Row[] = [
  { it: 'adopts a device', desired: { adopt: true, adoptAllowed: true }, observed: { device: device() }, action: 'adopt' },
  {
    it: 'adopts only where that is allowed',
    desired: { adopt: true },
    observed: { device: device() },
    action: 'wait',
    reason: 'AdoptNotAllowed',
  },
  { it: 'has nothing to adopt', desired: { adopt: true, adoptAllowed: true }, action: 'wait', reason: 'AdoptNotFound' },
  {
    it: 'does not adopt another type',
    desired: { adopt: true, adoptAllowed: true },
    observed: { device: device({ typeID: 'nvidia-12' }) },
    action: 'wait',
    reason: 'AdoptMismatch',
  },
  {
    it: 'adopts anew what others made again after a reboot',
    desired: { adopt: true, adoptAllowed: true },
    observed: { record: record({ adopted: true, bootID: 'boot-0' }), device: device() },
    action: 'forget',
  },
];

const removal: Row[] = [
  {
    it: 'removes the device of a deleted object',
    desired: { deleting: true },
    observed: { record: record(), device: device() },
    action: { kind: 'remove', why: 'deleted' },
  },
  {
    it: 'asks once more though the device is in use, so that the deletion is on record',
    desired: { deleting: true },
    observed: { record: record(), device: device(), users: inUse },
    action: 'remove',
  },
  {
    it: 'waits for the users of a device that is to go',
    desired: { deleting: true },
    observed: { record: record({ step: 'removing', deletionSeen: true }), device: device(), users: inUse },
    action: 'wait',
    reason: 'Removing',
  },
  {
    it: 'waits while the kernel removes it',
    desired: { deleting: true },
    observed: { record: record({ step: 'removing', deletionSeen: true }), device: device({ state: 'removing' }) },
    action: 'wait',
    reason: 'Removing',
  },
  {
    it: 'waits while the kernel does not come back from removing it',
    desired: { deleting: true },
    observed: {
      record: record({ step: 'removing', deletionSeen: true }),
      device: device({ state: 'removing', blockedSince: '2026-01-01T00:00:00Z' }),
    },
    action: 'wait',
    reason: 'KernelBlocked',
  },
  {
    it: 'knows a device that is being removed and no longer tells its type',
    desired: { deleting: true },
    observed: { record: record({ step: 'removing', deletionSeen: true }), device: device({ state: 'removing', typeID: '' }) },
    action: 'wait',
    reason: 'Removing',
  },
  {
    it: 'never removes while the kernel creates',
    desired: { deleting: true },
    observed: { record: record({ step: 'creating' }), device: device({ state: 'creating' }) },
    action: 'wait',
    reason: 'KernelBlocked',
  },
  { it: 'forgets a device that is gone', desired: { deleting: true }, observed: { record: record() }, action: 'forget' },
  { it: 'lets the object go when nothing is left', desired: { deleting: true }, action: 'removeFinalizer' },
  { it: 'is done when the finalizer is off', desired: { deleting: true, hasFinalizer: false }, action: 'none' },
  {
    it: 'lets the object go but not the foreign device',
    desired: { deleting: true },
    observed: { device: device() },
    action: 'removeFinalizer',
  },
  {
    it: "lets the object go but not another's device",
    desired: { deleting: true },
    observed: { record: record({ object: other }), device: device() },
    action: 'removeFinalizer',
  },
  {
    it: 'retains the device and only forgets it',
    desired: { deleting: true, reclaimPolicy: 'Retain' },
    observed: { record: record(), device: device() },
    action: 'forget',
  },
  {
    it: 'does not retain a device that was made by half',
    desired: { deleting: true, reclaimPolicy: 'Retain' },
    observed: { record: record({ step: 'attributes', attributes: { total: 1, written: 0, writing: true, digest } }), device: device() },
    action: 'remove',
  },
  {
    it: 'takes the device away when its allocation is withdrawn',
    desired: { withdrawn: true },
    observed: { record: record(), device: device() },
    action: { kind: 'remove', why: 'withdrawn' },
  },
  { it: 'says when nothing is left of a withdrawn allocation', desired: { withdrawn: true }, action: 'none', reason: 'Withdrawn' },
  {
    it: 'does not remove an adopted device for a withdrawal',
    desired: { withdrawn: true },
    observed: { record: record({ adopted: true }), device: device() },
    action: 'forget',
  },
];

const seen = record({ step: 'removing', deletionSeen: true });
const restored: Row[] = [
  {
    it: 'keeps the device of an object that is no longer being deleted',
    observed: { record: seen, device: device(), users: inUse },
    action: 'keep',
  },
  {
    it: 'keeps it also if nothing was tried yet',
    observed: { record: record({ deletionSeen: true }), device: device() },
    action: 'keep',
  },
  {
    it: 'lets the kernel finish what it has begun',
    observed: { record: seen, device: device({ state: 'removing' }) },
    action: 'wait',
    reason: 'Removing',
  },
  { it: 'forgets a device that is gone, to make it anew', observed: { record: seen }, action: 'forget' },
  {
    it: 'leaves alone what somebody made elsewhere under its UUID',
    observed: { record: seen, device: device({ parent: 'elsewhere' }) },
    action: 'forget',
  },
  {
    it: 'goes on removing what its withdrawal takes away',
    desired: { withdrawn: true },
    observed: { record: seen, device: device() },
    action: 'remove',
  },
];

const takeover: Row[] = [
  {
    it: 'takes over the device of the object that had its name',
    observed: { record: record({ object: { ...object, uid: 'uid-0' } }), device: device() },
    action: 'takeOver',
  },
  {
    it: 'does not take over what is being deleted',
    observed: { record: record({ object: { ...object, uid: 'uid-0' }, deletionSeen: true }), device: device() },
    action: 'wait',
    reason: 'UUIDConflict',
  },
  {
    it: 'does not take over another type',
    desired: { typeID: 'nvidia-12' },
    observed: { record: record({ object: { ...object, uid: 'uid-0' } }), device: device() },
    action: 'wait',
    reason: 'UUIDConflict',
  },
  {
    it: 'does not take over a device with other attributes',
    desired: { attributes, digest },
    observed: { record: record({ object: { ...object, uid: 'uid-0' } }), device: device() },
    action: 'wait',
    reason: 'UUIDConflict',
  },
];

describe.each([
  ['creating', creation],
  ['after a crash', crashes],
  ['living', life],
  ['adopting', adoption],
  ['removing', removal],
  ['taking over', takeover],
  ['on a restored API server', restored],
])('decide, %s,', (_name, rows) => {
  it.each(rows)('$it', (row) => {
    const { action, conditions } = decide(desiredDevice(row.desired), observed(row.observed));
    expect(action).toMatchObject(typeof row.action === 'string' ? { kind: row.action } : row.action);
    const ready = conditions.find(({ type }) => type === 'Ready');
    const reason = row.desired?.deleting === true && row.reason !== undefined ? 'Deleting' : row.reason;
    if (reason !== undefined) expect(ready?.reason).toBe(reason);
    if (action.kind === 'wait') {
      expect(conditions.map(({ type }) => type)).toEqual(['Created', 'Online', 'InUse', 'Ready']);
      expect(conditions.every(({ message }) => message.length > 0)).toBe(true);
      expect(conditions.find(({ type }) => type === 'Created')?.reason).toBe(row.reason);
    }
  });
});

describe('decide', () => {
  it('names the users of a device that is to go', () => {
    const { conditions } = decide(
      desiredDevice({ deleting: true }),
      observed({ record: record({ step: 'removing', deletionSeen: true }), device: device(), users: inUse }),
    );
    expect(conditions.find(({ type }) => type === 'InUse')).toMatchObject({ status: 'True', message: 'qemu (7)' });
  });

  it('says where and since when the kernel has not come back, and who may be why', () => {
    const blocked = device({ state: 'removing', blockedSince: '2026-01-01T00:00:00Z' });
    const { conditions } = decide(
      desiredDevice({ deleting: true }),
      observed({ record: record({ step: 'removing', deletionSeen: true }), device: blocked, users: inUse }),
    );
    const message = conditions.find(({ type }) => type === 'Created')?.message;
    expect(message).toMatch(/parent \S+, since 2026-01-01T00:00:00Z/);
    expect(message).toContain('qemu (7)');
  });

  it('does not guess whether a device is in use where the right to look is missing, but says which', () => {
    const blind = { inUse: false, known: [], blind: 'processes cannot be looked at' };
    const { conditions } = decide(desiredDevice(), observed({ record: record(), device: device(), users: blind }));
    expect(conditions.find(({ type }) => type === 'InUse')).toMatchObject({
      status: 'Unknown',
      message: expect.stringContaining('processes cannot be looked at') as unknown,
    });
  });

  it('gives the reason of the driver why no instance is left', () => {
    const full = parent({ types: [parentType({ availableInstances: 0, reason: 'nvidia-12 is in use' })] });
    const { conditions } = decide(desiredDevice(), observed({ parent: full }));
    expect(conditions[0]?.message).toContain('nvidia-12 is in use');
  });
});

describe('decideOrphan', () => {
  it.each([
    { it: 'keeps a device whose object is missing', record: record(), observed: { device: device() }, action: 'none' },
    { it: 'keeps a half-made device too', record: record({ step: 'creating' }), observed: { device: device() }, action: 'none' },
    { it: 'removes it if the deletion was seen', record: record({ deletionSeen: true }), observed: { device: device() }, action: 'remove' },
    { it: 'forgets a device that an administrator removed', record: record(), observed: {}, action: 'forget' },
    { it: 'remembers it over a reboot', record: record({ bootID: 'boot-0' }), observed: {}, action: 'none' },
    {
      it: 'forgets the record of a deleted device when another one has its UUID',
      record: record({ deletionSeen: true, bootID: 'boot-0' }),
      observed: { device: device() },
      action: 'forget',
    },
  ])('$it', (row) => {
    expect(decideOrphan(row.record, observed({ record: row.record, ...row.observed })).action.kind).toBe(row.action);
  });
});
