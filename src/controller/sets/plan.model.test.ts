import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSet, type Pool, type SetDevice, type SetPlan, type SetSituation } from './plan.ts';

interface Thing {
  readonly name: string;
  readonly pool: string;
  readonly ordinal: number;
  readonly uid: string;
  template: number;
  deleting: boolean;
  ready: 'True' | 'False' | 'Unknown';
  inUse: boolean;
  lost: boolean;
}

/** One turn of a random history; `at` picks among what there is. */
type Turn =
  | { readonly type: 'scale'; readonly to: number }
  | { readonly type: 'template' | 'act' | 'settle' }
  | { readonly type: 'use' | 'release' | 'delete' | 'vanish' | 'break' | 'lose'; readonly at: number };

const turn = fc.oneof<fc.Arbitrary<Turn>[]>(
  fc.record({ type: fc.constant('scale' as const), to: fc.nat({ max: 6 }) }),
  fc.record({ type: fc.constantFrom('template' as const, 'act' as const, 'act' as const, 'settle' as const) }),
  fc.record({
    type: fc.constantFrom('use' as const, 'release' as const, 'delete' as const, 'vanish' as const, 'break' as const, 'lose' as const),
    at: fc.nat({ max: 20 }),
  }),
);

/** A cluster that carries out plans: an unused device that is deleted goes when it settles, a used one when it is released. */
class History {
  readonly things = new Map<string, Thing>();
  readonly strangers: ReadonlySet<string>;
  readonly #pools: readonly string[];
  #wanted: number;
  #template = 0;
  #born = 0;

  constructor(pools: readonly string[], strangers: readonly string[], wanted: number) {
    this.#pools = pools;
    this.strangers = new Set(strangers);
    this.#wanted = wanted;
  }

  get wanted(): number {
    return this.#wanted * this.#pools.length;
  }

  situation(): SetSituation {
    const pools = this.#pools.map((key): Pool => ({ key, stem: `x${key}`, wanted: this.#wanted, keepsUsed: false, open: true }));
    const devices = [...this.things.values()].map((thing): SetDevice => ({ ...thing, outdated: thing.template !== this.#template }));
    const stranger = (name: string): { leaving: boolean } | undefined => (this.strangers.has(name) ? { leaving: false } : undefined);
    return { pools, devices, stranger, adoptable: [], maxUnavailable: 1 };
  }

  act(): SetPlan {
    const plan = planSet(this.situation());
    for (const action of plan.actions) {
      if (action.type === 'Delete') this.delete(action.name);
      if (action.type !== 'Create') continue;
      this.#born += 1;
      const ordinal = Number(action.name.split('-').at(-1));
      const fresh = { deleting: false, ready: 'False', inUse: false, lost: false } as const;
      const thing: Thing = { name: action.name, pool: action.pool, ordinal, uid: `u${this.#born}`, template: this.#template, ...fresh };
      expect(this.things.has(action.name), `${action.name} is made twice`).toBe(false);
      expect(this.strangers.has(action.name), `${action.name} is somebody else's`).toBe(false);
      this.things.set(action.name, thing);
    }
    return plan;
  }

  delete(name: string): void {
    const thing = this.things.get(name);
    if (thing !== undefined) thing.deleting = true;
  }

  /** What agents do: unused devices that shall go are gone, all others become Ready. */
  settle(): void {
    for (const thing of [...this.things.values()]) {
      if (thing.deleting && (!thing.inUse || thing.lost)) this.things.delete(thing.name);
      else if (!thing.lost) thing.ready = 'True';
    }
  }

  move(step: Turn): void {
    const all = [...this.things.values()];
    const thing = 'at' in step ? all[step.at % Math.max(1, all.length)] : undefined;
    switch (step.type) {
      case 'scale':
        this.#wanted = step.to;
        return;
      case 'template':
        this.#template += 1;
        return;
      case 'settle':
        this.settle();
        return;
      case 'use':
        if (thing?.ready === 'True' && !thing.deleting) thing.inUse = true;
        return;
      case 'release':
        if (thing !== undefined) thing.inUse = false;
        return;
      case 'delete':
        if (thing !== undefined) this.delete(thing.name);
        return;
      case 'vanish':
        if (thing !== undefined) this.things.delete(thing.name);
        return;
      case 'break':
        if (thing !== undefined) thing.ready = 'False';
        return;
      case 'lose':
        if (thing !== undefined) Object.assign(thing, { lost: true, ready: 'Unknown' });
        return;
      case 'act':
        this.#check();
    }
  }

  /** Acts, and holds the plan to what it promises. */
  #check(): void {
    const before = new Map([...this.things].map(([name, thing]) => [name, { ...thing }]));
    const { devices, maxUnavailable } = this.situation();
    const outdated = new Set(devices.filter((device) => device.outdated).map(({ name }) => name));
    const plan = this.act();
    for (const pool of this.#pools) {
      const count = (things: ReadonlyMap<string, Thing>): number => [...things.values()].filter((thing) => thing.pool === pool).length;
      expect(count(this.things)).toBeLessThanOrEqual(Math.max(count(before), this.#wanted));
    }
    const deletes = plan.actions.filter((action) => action.type === 'Delete');
    for (const { name, why } of deletes) {
      const thing = before.get(name);
      expect(thing?.deleting).toBe(false);
      if (why === 'Lost') continue;
      const spared = [...this.things.values()].filter((other) => other.pool === thing?.pool && !other.deleting && !other.inUse);
      if (thing?.inUse === true) expect(why === 'Excess' ? spared : [why], `${name} is in use`).toEqual([]);
      if (why === 'Outdated') expect(outdated.has(name)).toBe(true);
    }
    // A roll-out makes no more of the wanted devices unavailable than it may.
    const healthy = [...before.values()].filter(({ deleting, ready }) => !deleting && ready === 'True');
    const rolled = deletes.filter(({ name, why }) => why === 'Outdated' && before.get(name)?.ready === 'True').length;
    if (rolled > 0) expect(this.wanted - (Math.min(healthy.length, this.wanted) - rolled)).toBeLessThanOrEqual(maxUnavailable);
    // Said twice, it is done once.
    expect(planSet(this.situation()).actions).toEqual([]);
  }
}

const history = fc.record({
  pools: fc.constantFrom([''], ['-a'], ['-a', '-b'], ['-a', '-b', '-c']),
  strangers: fc.uniqueArray(fc.constantFrom('x-0', 'x-2', 'x-a-1', 'x-b-0'), { maxLength: 2 }),
  wanted: fc.nat({ max: 5 }),
  turns: fc.array(turn, { maxLength: 60, size: 'max' }),
});

describe('any history of a set', () => {
  it('never has two of one name, more than wanted, or a used one removed for an unused one, and a plan carried out leaves nothing to do', () => {
    fc.assert(
      fc.property(history, ({ pools, strangers, wanted, turns }) => {
        const cluster = new History(pools, strangers, wanted);
        for (const step of turns) cluster.move(step);
      }),
      { numRuns: 500 },
    );
  });

  it('comes to what is wanted, all of the last template, once nothing is in use', () => {
    fc.assert(
      fc.property(history, ({ pools, strangers, wanted, turns }) => {
        const cluster = new History(pools, strangers, wanted);
        for (const step of turns) cluster.move(step);
        for (const thing of cluster.things.values()) thing.inUse = false;
        for (let round = 0; round < 80; round += 1) {
          cluster.act();
          cluster.settle();
        }
        const { taken } = planSet(cluster.situation());
        const devices = cluster.situation().devices;
        expect(devices.length + taken.length).toBe(cluster.wanted);
        // A name that is taken leaves the set short of a device, and then it replaces none that is Ready.
        if (taken.length === 0) expect(devices.filter(({ outdated, ready }) => outdated || ready !== 'True')).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
