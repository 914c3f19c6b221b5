import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProviderError, type Device } from '../provider/contract.ts';
import { decide, decideOrphan } from './decide/decide.ts';
import { desiredDevice, object, parent as parentFixture, parentType, uuid } from './decide/fixtures.ts';
import type { Desired, Observed } from './decide/types.ts';
import { perform, type Ports } from './perform.ts';
import { attributesDigest, isComplete, type OwnershipRecord } from './record/record.ts';

class Killed extends Error {}

interface ModelDevice {
  readonly device: Device;
  readonly madeBy: 'us' | 'others';
  attributes: string[];
}

/** The right to remove, as design.md words it. */
function mayRemove(desired: Desired | undefined, record: OwnershipRecord | undefined): boolean {
  if (record === undefined) return false;
  if (desired === undefined) return record.deletionSeen;
  return desired.deleting || desired.withdrawn || (record.step === 'removing' && !record.deletionSeen) || !isComplete(record);
}

/** A kernel with one parent of three slots, a disk with records and one object; every access may be the last of the process. */
class World implements Ports {
  bootID = 'boot-1';
  readonly devices = new Map<string, ModelDevice>();
  readonly disk = new Map<string, OwnershipRecord>();
  desired: Desired | undefined;
  deletionEverSeen = false;
  /** How many accesses the process still lives; then it is killed before or after the next one takes effect. */
  fuse = Infinity;
  killAfter = false;
  failAttribute = false;
  inUse = false;
  removedWrongly: string[] = [];

  constructor(desired: Desired) {
    this.desired = desired;
  }

  readonly signal = new AbortController().signal;

  async #access(effect: () => void): Promise<void> {
    if (this.fuse <= 0) {
      if (this.killAfter) effect();
      throw new Killed();
    }
    this.fuse -= 1;
    effect();
  }

  /** Written by nobody yet: lost with the process, or not. */
  #soon: OwnershipRecord | undefined;

  #written(): void {
    if (this.#soon !== undefined) this.disk.set(this.#soon.uuid, this.#soon);
    this.#soon = undefined;
  }

  readonly records: Ports['records'] = {
    put: (record) => {
      this.#written();
      return this.#access(() => this.disk.set(record.uuid, record));
    },
    putSoon: (record) => {
      this.#soon = record;
    },
    remove: (id) => {
      this.#written();
      return this.#access(() => this.disk.delete(id));
    },
  };

  readonly provider: Ports['provider'] = {
    info: async () => ({ kind: 'emulated', bootID: this.bootID }),
    getDevice: async (id) => this.devices.get(id)?.device,
    create: async (request) => {
      await this.#access(() => {
        if (this.devices.has(request.id)) throw new ProviderError('EEXIST', 'create', 'exists');
        if (this.devices.size >= 3) throw new ProviderError('ENOSPC', 'create', 'full');
        const device: Device = { id: request.id, parent: request.parent, typeID: request.typeID, state: 'live', online: false };
        this.devices.set(request.id, { device, madeBy: 'us', attributes: [] });
      });
      const made = this.devices.get(request.id);
      if (made === undefined) throw new ProviderError('EIO', 'create', 'vanished');
      return made.device;
    },
    remove: (id) =>
      this.#access(() => {
        const device = this.devices.get(id);
        if (device === undefined) throw new ProviderError('ENOENT', 'remove', 'no such device');
        if (this.inUse) throw new ProviderError('EBUSY', 'claim', 'in use');
        if (device.madeBy !== 'us' || !this.disk.has(id)) this.removedWrongly.push(id);
        this.devices.delete(id);
      }),
    setAttribute: (id, name) =>
      this.#access(() => {
        if (this.failAttribute) throw new ProviderError('EINVAL', 'attribute', 'bad value');
        this.devices.get(id)?.attributes.push(name);
      }),
    setOnline: (id, online) =>
      this.#access(() => {
        const device = this.devices.get(id);
        if (device !== undefined) this.devices.set(id, { ...device, device: { ...device.device, online } });
      }),
    setGroup: () => this.#access(() => undefined),
  };

  removeFinalizer(): Promise<void> {
    return this.#access(() => (this.desired = undefined));
  }

  observe(): Observed {
    return {
      bootID: this.bootID,
      device: this.devices.get(uuid)?.device,
      record: this.#soon ?? this.disk.get(uuid),
      recordUnreadable: false,
      parent: parentFixture({ types: [parentType({ availableInstances: 3 - this.devices.size })] }),
      users: { inUse: this.inUse, known: [] },
      groupMates: [],
      rival: undefined,
    };
  }

  /** One pass as the agent makes it; a process that is killed starts again with nothing in memory. */
  async pass(): Promise<'settled' | 'killed' | 'failed'> {
    const end = await this.#pass();
    const killed = this.fuse !== Infinity;
    if (killed && !this.killAfter) this.#soon = undefined;
    this.#written();
    return end;
  }

  async #pass(): Promise<'settled' | 'killed' | 'failed'> {
    for (let steps = 0; steps < 50; steps += 1) {
      const observed = this.observe();
      const { desired } = this;
      if (desired?.deleting === true) this.deletionEverSeen = true;
      let action;
      if (desired !== undefined) ({ action } = decide(desired, observed));
      else if (observed.record !== undefined) ({ action } = decideOrphan(observed.record, observed));
      else return 'settled';
      if (action.kind === 'none' || action.kind === 'wait') return 'settled';
      if (action.kind === 'remove' && !mayRemove(desired, observed.record)) this.removedWrongly.push(uuid);
      try {
        await perform(action, desired, observed, this, this.signal);
      } catch (error) {
        if (error instanceof Killed) return 'killed';
        if (error instanceof ProviderError) {
          if (action.kind === 'writeAttribute') continue;
          return 'failed';
        }
        throw error;
      }
      if (this.failAttribute && !this.disk.has(uuid) && action.kind === 'remove') return 'failed';
    }
    throw new Error('the pass does not come to an end');
  }

  async settle(): Promise<void> {
    for (let passes = 0; passes < 20; passes += 1) if ((await this.pass()) === 'settled') return;
    throw new Error('it never settles');
  }
}

const attributeNames = ['a', 'b', 'a'];
const attributes = attributeNames.map((name) => ({ name, value: '1' }));
const digest = attributesDigest(attributes, undefined);
const wanted = desiredDevice({ attributes, digest });

/** What may happen between two passes of the agent. */
const happenings = fc.oneof(
  fc.record({ kind: fc.constant('kill' as const), fuse: fc.nat(12), after: fc.boolean() }),
  fc.record({ kind: fc.constant('reboot' as const) }),
  fc.record({ kind: fc.constant('byHand' as const) }),
  fc.record({ kind: fc.constant('othersMake' as const) }),
  fc.record({ kind: fc.constant('othersMakeTheSameAtBoot' as const) }),
  fc.record({ kind: fc.constant('emptied' as const) }),
  fc.record({ kind: fc.constant('appliedAgain' as const) }),
  fc.record({ kind: fc.constant('deletedInUseAndRestored' as const), fuse: fc.nat(6) }),
  fc.record({ kind: fc.constant('failAttribute' as const) }),
  fc.record({ kind: fc.constant('pass' as const) }),
);
const withoutReturn = happenings.filter(({ kind }) => kind !== 'appliedAgain' && kind !== 'deletedInUseAndRestored');
type Happening = typeof happenings extends fc.Arbitrary<infer T> ? T : never;

async function happen(world: World, happening: Happening, round: number): Promise<void> {
  switch (happening.kind) {
    case 'kill':
      world.fuse = happening.fuse;
      world.killAfter = happening.after;
      await world.pass();
      world.fuse = Infinity;
      return;
    case 'reboot':
      world.bootID = `boot-${round + 2}`;
      world.devices.clear();
      return;
    case 'byHand':
      world.devices.delete(uuid);
      return;
    case 'othersMake':
      if (!world.devices.has(uuid)) {
        const device: Device = { id: uuid, parent: 'elsewhere', typeID: 'nvidia-12', state: 'live' };
        world.devices.set(uuid, { device, madeBy: 'others', attributes: ['theirs'] });
      }
      return;
    case 'othersMakeTheSameAtBoot': {
      const device: Device = { id: uuid, parent: wanted.parent ?? '', typeID: wanted.typeID, state: 'live', online: true };
      world.bootID = `boot-${round + 2}`;
      world.devices.set(uuid, { device, madeBy: 'others', attributes: ['theirs'] });
      return;
    }
    case 'emptied':
      world.desired = undefined;
      await world.pass();
      return;
    case 'appliedAgain':
      if (world.desired === undefined && !world.deletionEverSeen)
        world.desired = { ...wanted, object: { ...object, uid: `uid-${round + 2}` } };
      return;
    case 'deletedInUseAndRestored': {
      const { desired, deletionEverSeen } = world;
      if (desired === undefined) return;
      world.desired = { ...desired, deleting: true };
      world.inUse = true;
      world.fuse = happening.fuse;
      await world.pass();
      world.fuse = Infinity;
      world.inUse = false;
      world.desired = desired;
      // The API server knows nothing of it, nor does anybody else.
      world.deletionEverSeen = deletionEverSeen;
      return;
    }
    case 'failAttribute':
      world.failAttribute = true;
      await world.pass();
      world.failAttribute = false;
      return;
    case 'pass':
      await world.pass();
  }
}

describe('decide and perform together, whatever has happened,', () => {
  it('end with exactly one device with all its attributes once, and never touch a foreign one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happenings, { maxLength: 12 }), async (story) => {
        const world = new World(wanted);
        for (const [round, happening] of story.entries()) await happen(world, happening, round);
        world.desired ??= { ...wanted, object: { ...object, uid: 'uid-last' } };
        await world.settle();
        const device = world.devices.get(uuid);
        expect(world.removedWrongly).toEqual([]);
        if (device?.madeBy === 'others') {
          expect(device.attributes).toEqual(['theirs']);
          expect(world.disk.size).toBe(0);
          return;
        }
        expect(device?.attributes).toEqual(attributeNames);
        expect(device?.device.online).toBe(true);
        expect(world.disk.get(uuid)).toMatchObject({ step: 'ready', object: world.desired.object, bootID: world.bootID });
      }),
      { numRuns: 1500 },
    );
  });

  it('end with nothing when the object is deleted: no device, no record, no object', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happenings, { maxLength: 8 }), fc.array(withoutReturn, { maxLength: 8 }), async (before, during) => {
        const world = new World(wanted);
        for (const [round, happening] of before.entries()) await happen(world, happening, round);
        world.desired = { ...(world.desired ?? wanted), deleting: true };
        for (const [round, happening] of during.entries()) await happen(world, happening, round + 20);
        await world.settle();
        expect(world.removedWrongly).toEqual([]);
        expect(world.desired).toBeUndefined();
        const device = world.devices.get(uuid);
        if (device?.madeBy === 'others') expect(device.attributes).toEqual(['theirs']);
        else if (world.deletionEverSeen && !world.disk.has(uuid)) expect(device).toBeUndefined();
        // Only an object that vanished before it was seen being deleted may leave its device behind, and then on record.
        const left = world.disk.get(uuid);
        if (left !== undefined) expect(left.deletionSeen).toBe(false);
      }),
      { numRuns: 1500 },
    );
  });

  it('leave a retained device behind without a record', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(14), fc.boolean(), async (fuse, killAfter) => {
        const world = new World(wanted);
        await world.settle();
        world.desired = { ...wanted, deleting: true, reclaimPolicy: 'Retain' };
        await happen(world, { kind: 'kill', fuse, after: killAfter }, 0);
        await world.settle();
        expect(world.devices.get(uuid)?.attributes).toEqual(attributeNames);
        expect(world.disk.size).toBe(0);
        expect(world.desired).toBeUndefined();
      }),
    );
  });
});
