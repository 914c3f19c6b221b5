import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MdevDevice } from '../api/mdev-device.ts';
import { deviceFinalizer } from '../api/group.ts';
import { decide, type Situation } from './decide.ts';
import { deviceNamed, parentNamed } from './testing/objects.ts';
import { line, situationOf } from './testing/situation.ts';
import { Ledger } from './ledger.ts';
import { choose, explain } from './placement.ts';
import { byAge } from './world.ts';

/** A parent as hardware counts it: the naive model. Sizes divide the whole. */
interface Hardware {
  readonly name: string;
  readonly sharing: 'Pooled' | 'Slots' | 'Exclusive' | 'Unknown';
  readonly units: number;
  readonly sizes: readonly number[];
}

const kinds: readonly Omit<Hardware, 'name'>[] = [
  { sharing: 'Pooled', units: 8, sizes: [1, 2, 4] },
  { sharing: 'Slots', units: 6, sizes: [1, 2, 3] },
  { sharing: 'Exclusive', units: 8, sizes: [1, 2, 8] },
  { sharing: 'Unknown', units: 4, sizes: [1, 2, 4] },
];

/** One turn of a random history. `at` picks among what there is. */
type Turn =
  | { readonly type: 'create'; readonly of: number; readonly spread: boolean }
  | { readonly type: 'write' | 'make' | 'delete'; readonly at: number }
  | { readonly type: 'report'; readonly at: number }
  | { readonly type: 'restart' };

const turn = fc.oneof<fc.Arbitrary<Turn>[]>(
  fc.record({ type: fc.constant('create' as const), of: fc.nat({ max: 2 }), spread: fc.boolean() }),
  fc.record({ type: fc.constantFrom('write' as const, 'make' as const, 'delete' as const), at: fc.nat({ max: 40 }) }),
  fc.record({ type: fc.constant('report' as const), at: fc.nat({ max: 3 }) }),
  fc.record({ type: fc.constant('restart' as const) }),
);

/** A little cluster: objects, what is on its way to the API server, what hardware really carries, and what parents last said. */
class History {
  readonly hardware: readonly Hardware[];
  readonly carried = new Map<string, Map<string, number>>();
  situation: Situation;
  #version = 1;
  #born = 0;

  constructor(hardware: readonly Hardware[]) {
    this.hardware = hardware;
    this.situation = situationOf({});
    for (const { name } of hardware) {
      this.carried.set(name, new Map());
      this.report(name);
    }
  }

  /** What the parent's agent publishes: true at this moment. */
  report(name: string): void {
    const { sharing, units, sizes } = this.of(name);
    const on = [...(this.carried.get(name) ?? [])];
    const free = units - on.reduce((sum, [, type]) => sum + (sizes[type] ?? 0), 0);
    const types = sizes.map((size, type) => {
      const blocked = sharing === 'Exclusive' && on.some(([, other]) => other !== type);
      return [`t${type}`, [blocked ? 0 : Math.floor(free / size), ...(sharing === 'Unknown' ? [] : [units / size])]] as const;
    });
    const devices = on.map(([device, type]) => ({ uuid: this.situation.world.uuidOf(this.device(device)), typeID: `t${type}` }));
    this.#version += 1;
    this.situation.world.parents.upsert(
      parentNamed(name, { sharing, types: Object.fromEntries(types) as never, devices, resourceVersion: String(this.#version) }),
    );
    this.situation.ledger.invalidate(name);
  }

  create(type: number, spread: boolean): void {
    this.#born += 1;
    const name = `d${this.#born}`;
    const spec = { type: { id: `t${type}` }, placement: spread ? 'Spread' : 'Compact' };
    const device = deviceNamed(name, spec, { at: this.#born, metadata: { finalizers: [deviceFinalizer] } });
    this.situation.world.devices.upsert(device);
    const { ledger } = this.situation;
    // What is kept up to date from decision to decision is what is found by looking at all.
    const request = { spec: device.spec };
    expect(ledger.best(request, `id:t${type}`)).toEqual(choose([request], ledger.candidatesOfType(`id:t${type}`)));
    expect(ledger.whyNot(request)).toEqual(explain([request], ledger.candidates()));
    const action = decide(device, this.situation).get(`ns/${name}`);
    if (action?.type === 'Allocate') this.situation.ledger.assume(device, action.allocation.parentName, action.allocation.typeID);
  }

  /** A decision arrives in the object. */
  write(name: string): void {
    const device = this.device(name);
    const assumption = this.situation.ledger.assumption(device.metadata.uid);
    if (assumption === undefined) return;
    const allocation = { nodeName: 'n1', parentName: assumption.parentName, typeID: assumption.typeID };
    this.#version += 1;
    const metadata = { ...device.metadata, resourceVersion: String(this.#version) };
    this.situation.world.devices.upsert({ ...device, metadata, status: { allocation } });
    this.situation.ledger.forget(device.metadata.uid ?? '');
  }

  /** The agent makes the device; hardware refuses what it cannot carry, and that must not happen. */
  make(name: string): void {
    const allocation = this.device(name).status?.allocation;
    if (allocation === undefined) return;
    this.carried.get(allocation.parentName)?.set(name, Number(allocation.typeID.slice(1)));
  }

  delete(name: string): void {
    const device = this.device(name);
    const parentName = device.status?.allocation?.parentName;
    this.situation.world.devices.delete(`ns/${name}`);
    this.situation.ledger.forget(device.metadata.uid ?? '');
    if (parentName === undefined) return;
    this.carried.get(parentName)?.delete(name);
    this.situation.ledger.invalidate(parentName);
    // The status must not name a device of no object for longer than hardware has it: agents remove first.
    this.report(parentName);
  }

  /** Another controller takes over: decisions that were not written are lost, all else is in the objects. */
  restart(): void {
    this.situation = { ...this.situation, ledger: new Ledger(this.situation.world) };
  }

  names(): string[] {
    return this.situation.world.devices.list().map((device) => device.metadata.name);
  }

  device(name: string): MdevDevice {
    const device = this.situation.world.devices.get(`ns/${name}`);
    if (device === undefined) throw new Error(`There is no device ${name}`);
    return device;
  }

  of(name: string): Hardware {
    const found = this.hardware.find((hardware) => hardware.name === name);
    if (found === undefined) throw new Error(`There is no parent ${name}`);
    return found;
  }

  /** Types promised or made on a parent. */
  load(name: string): number[] {
    const { world, ledger } = this.situation;
    return world.devices.list().flatMap((device) => {
      const place = ledger.assumption(device.metadata.uid) ?? device.status?.allocation;
      return place?.parentName === name ? Number(place.typeID.slice(1)) : [];
    });
  }
}

describe('any history of devices on any parents', () => {
  it('never promises more than hardware can carry, across restarts and late reports', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 4 }),
        fc.array(turn, { maxLength: 80 }),
        (parents, turns) => {
          const history = new History(parents.map((kind, index) => ({ ...kind, name: `p${index}` })));
          for (const move of turns) {
            const names = history.names();
            if (move.type === 'create') history.create(move.of, move.spread);
            else if (move.type === 'restart') history.restart();
            else if (move.type === 'report') history.report(`p${move.at % parents.length}`);
            else if (names.length > 0) history[move.type](names[move.at % names.length] ?? '');
            for (const { name, sharing, units, sizes } of history.hardware) {
              const load = history.load(name);
              expect(load.reduce((sum, type) => sum + (sizes[type] ?? 0), 0)).toBeLessThanOrEqual(units);
              if (sharing === 'Exclusive') expect(new Set(load).size).toBeLessThanOrEqual(1);
            }
          }
        },
      ),
    );
  });

  it('decides the same whatever order the objects were seen in', () => {
    const scene = fc
      .tuple(
        fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 4 }),
        fc.array(fc.record({ of: fc.nat({ max: 2 }), spread: fc.boolean() }), { minLength: 1, maxLength: 12 }),
      )
      .chain(([parents, devices]) =>
        fc.record({
          parents: fc.constant(parents),
          devices: fc.constant(devices),
          parentOrder: fc.shuffledSubarray([...parents.keys()], { minLength: parents.length }),
          deviceOrder: fc.shuffledSubarray([...devices.keys()], { minLength: devices.length }),
        }),
      );
    fc.assert(
      fc.property(scene, ({ parents, devices, parentOrder, deviceOrder }) => {
        const decisions = (parentIndices: readonly number[], deviceIndices: readonly number[]): string[] => {
          const history = new History(parentIndices.map((index) => ({ ...(parents[index] ?? kinds[0]), name: `p${index}` }) as Hardware));
          const { situation } = history;
          for (const index of deviceIndices) {
            const { of = 0, spread = false } = devices[index] ?? {};
            const spec = { type: { id: `t${of}` }, placement: spread ? 'Spread' : 'Compact' };
            situation.world.devices.upsert(deviceNamed(`d${index}`, spec, { at: index }));
          }
          return situation.world.devices
            .list()
            .sort(byAge)
            .map((device) => {
              const action = decide(device, situation).get(`ns/${device.metadata.name}`) ?? { type: 'None' };
              if (action.type === 'Allocate') situation.ledger.assume(device, action.allocation.parentName, action.allocation.typeID);
              return `${device.metadata.name}: ${line(action)}`;
            });
        };
        expect(decisions(parentOrder, deviceOrder)).toEqual(decisions([...parents.keys()], [...devices.keys()]));
      }),
    );
  });
});
