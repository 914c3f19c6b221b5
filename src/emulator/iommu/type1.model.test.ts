import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NaiveDevice } from './testing/naive-type1.ts';
import { NaiveContainer } from './testing/naive-type1.ts';
import { answer, PlainMemory, TestMemory, TestPages, TestTask } from './testing/world.ts';
import { toAddress, toPfn } from './page.ts';
import type { Pinner } from './pinner.ts';
import type { DMAGroup } from './type1.ts';
import { Type1 } from './type1.ts';

const maxMappings = 6;
/** The first page of a mapping that needs several slots of a pin table. */
const far = 0x100000;
const farPages = 1300;

type Step =
  | { readonly do: 'map'; readonly at: number; readonly pages: number; readonly vaddr: number; readonly rw: number; readonly task: number }
  | { readonly do: 'unmap'; readonly at: number; readonly pages: number }
  | { readonly do: 'pin'; readonly pages: readonly number[]; readonly writable: boolean }
  | { readonly do: 'unpin'; readonly pages: readonly number[] }
  | { readonly do: 'attach' | 'detach'; readonly group: string }
  | { readonly do: 'limit'; readonly task: number; readonly pages: number }
  | { readonly do: 'capability' | 'die'; readonly task: number }
  | { readonly do: 'miss' | 'find'; readonly task: number; readonly vaddr: number }
  | { readonly do: 'unmapAll' | 'release' | 'close' };

/** A step in one container, by one of its devices. */
interface Act {
  readonly container: number;
  readonly device: number;
  readonly step: Step;
}

const task = fc.constantFrom(0, 1);
const page = fc.oneof({ weight: 6, arbitrary: fc.nat(15) }, { weight: 2, arbitrary: fc.nat(farPages).map((offset) => far + offset) });
const pages = fc.oneof(
  fc.array(page, { minLength: 1, maxLength: 6 }),
  fc.tuple(page, fc.integer({ min: 1, max: 5 })).map(([first, length]) => Array.from({ length }, (_, index) => first + index)),
  fc.integer({ min: 0, max: farPages - 40 }).map((offset) => Array.from({ length: 40 }, (_, index) => far + offset + index)),
);
const at = fc.oneof({ weight: 5, arbitrary: fc.nat(15) }, { weight: 1, arbitrary: fc.constant(far) });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 120,
    arbitrary: fc
      .record({ at, pages: fc.integer({ min: 0, max: 5 }), vaddr: fc.nat(9), rw: fc.constantFrom(0, 1, 2, 3, 3, 3, 3), task })
      .map((range) => ({ do: 'map' as const, ...range, pages: range.at === far ? farPages : range.pages })),
  },
  { weight: 60, arbitrary: fc.record({ do: fc.constant('unmap' as const), at: fc.nat(16), pages: fc.nat(8) }) },
  { weight: 20, arbitrary: fc.constant({ do: 'unmap' as const, at: far, pages: farPages }) },
  { weight: 240, arbitrary: fc.record({ do: fc.constant('pin' as const), pages, writable: fc.boolean() }) },
  { weight: 160, arbitrary: fc.record({ do: fc.constant('unpin' as const), pages }) },
  {
    weight: 60,
    arbitrary: fc.record({ do: fc.constantFrom('attach' as const, 'detach' as const), group: fc.constantFrom('l1', 'l2', 'p1', 'p2') }),
  },
  {
    weight: 40,
    arbitrary: fc.record({ do: fc.constant('limit' as const), task, pages: fc.constantFrom(0, 1, 2, 3, 5, 8, 50, 1400, Infinity) }),
  },
  { weight: 20, arbitrary: fc.record({ do: fc.constant('capability' as const), task }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('die' as const), task }) },
  { weight: 20, arbitrary: fc.record({ do: fc.constantFrom('miss' as const, 'find' as const), task, vaddr: fc.nat(12) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constantFrom('unmapAll' as const, 'release' as const) }) },
  { weight: 4, arbitrary: fc.constant({ do: 'close' as const }) },
);
const act: fc.Arbitrary<Act> = fc.record({ container: fc.constantFrom(0, 0, 1), device: fc.nat(2), step });

const devices: readonly NaiveDevice[] = [
  { name: 'tidy', onUnmap: 'unpin' },
  { name: 'sloppy', onUnmap: 'keep' },
  { name: 'deaf', onUnmap: undefined },
];

/** A container under test, its naive twin, and the devices of both. */
class Twin {
  readonly naive: NaiveContainer;
  readonly told: string[] = [];
  readonly type1: Type1;
  readonly pinners = new Map<NaiveDevice, Pinner>();
  readonly #groups = new Map<string, DMAGroup>();
  /** What each device has pinned, page by page, as the device itself knows it. */
  readonly #own = new Map<NaiveDevice, Map<number, number>>();

  constructor(pagesOf: (task: TestTask) => TestPages, locked: (task: TestTask) => number) {
    this.naive = new NaiveContainer(pagesOf, locked, maxMappings);
    this.type1 = new Type1({
      maxMappings,
      onLeftover: (iova, left) => this.told.push(`left ${toPfn(iova)} ${left}`),
    });
    for (const device of devices) this.addPinner(device);
  }

  addPinner(device: NaiveDevice): void {
    this.#own.set(device, new Map());
    const onUnmap = (iova: bigint, size: bigint): void => this.#unmapped(device, toPfn(iova), Number(size >> 12n));
    this.pinners.set(device, this.type1.addPinner(device.onUnmap === undefined ? undefined : onUnmap));
  }

  group(name: string): DMAGroup {
    const group = this.#groups.get(name) ?? { kind: name.startsWith('p') ? 'physical' : 'local' };
    this.#groups.set(name, group);
    return group;
  }

  remember(device: NaiveDevice, pages: readonly number[], change: 1 | -1): void {
    const own = this.#own.get(device);
    for (const page of pages) own?.set(page, (own.get(page) ?? 0) + change);
  }

  #unmapped(device: NaiveDevice, start: number, pages: number): void {
    this.told.push(`tell ${device.name} ${start} ${pages}`);
    const own = this.#own.get(device);
    for (const [page, count] of own ?? []) {
      if (page < start || page >= start + pages) continue;
      own?.delete(page);
      if (device.onUnmap === 'unpin') for (let time = 0; time < count; time++) this.pinners.get(device)?.unpin(Float64Array.of(page), 1);
    }
  }
}

/** Two containers, in which the same two processes map. */
class Bench {
  readonly tasks = [new TestTask(1, 20), new TestTask(2, 2000)];
  readonly pages = [new TestPages(1000), new TestPages(2 ** 33)];
  readonly twins: Twin[];

  constructor() {
    this.pages[0]?.reserved.add(3).add(4);
    const pagesOf = (task: TestTask): TestPages => this.#pagesOf(task);
    const locked = (task: TestTask): number => this.naiveLocked(task);
    this.twins = [new Twin(pagesOf, locked), new Twin(pagesOf, locked)];
  }

  naiveLocked(task: TestTask): number {
    return this.twins.reduce((sum, { naive }) => sum + naive.lockedBy(task), 0);
  }

  #pagesOf(task: TestTask): TestPages {
    const pages = this.pages[this.tasks.indexOf(task)];
    if (pages === undefined) throw new Error('no such task');
    return pages;
  }

  run({ container, device: number, step }: Act): void {
    const twin = this.twins[container];
    const device = devices[number];
    const pinner = device === undefined ? undefined : twin?.pinners.get(device);
    if (twin === undefined || device === undefined || pinner === undefined) throw new Error('no such twin or device');
    const { naive, type1 } = twin;
    switch (step.do) {
      case 'map': {
        const task = this.tasks[step.task];
        if (task === undefined) throw new Error('no such task');
        const pages = this.#pagesOf(task);
        const memory = step.task === 0 ? new TestMemory(pages, step.vaddr) : new PlainMemory(pages, step.vaddr);
        const [readable, writable] = [(step.rw & 1) !== 0, (step.rw & 2) !== 0];
        const request = {
          iova: toAddress(step.at),
          size: toAddress(step.pages),
          vaddr: toAddress(step.vaddr),
          readable,
          writable,
          task,
          memory,
        };
        const expected = naive.map({ start: step.at, pages: step.pages, vaddr: step.vaddr, readable, writable, task });
        expect(answer(() => type1.map(request))).toBe(expected);
        return;
      }
      case 'unmap': {
        const expected = naive.unmap(step.at, step.pages, devices);
        expect(number_(() => type1.unmap(toAddress(step.at), toAddress(step.pages)) >> 12n)).toBe(expected);
        return;
      }
      case 'unmapAll':
        expect(number_(() => type1.unmapAll() >> 12n)).toBe(naive.unmapAll(devices));
        return;
      case 'pin': {
        const hostPfns = new Float64Array(step.pages.length).fill(-1);
        const expected = naive.pin(device, step.pages, step.writable);
        expect(answer(() => pinner.pin(Float64Array.from(step.pages), step.pages.length, step.writable, hostPfns))).toBe(expected.answer);
        if (device.onUnmap !== undefined) expect([...hostPfns]).toEqual(expected.pfns);
        if (expected.answer === 'ok') twin.remember(device, step.pages, 1);
        return;
      }
      case 'unpin': {
        const expected = naive.unpin(device, step.pages);
        expect(number_(() => pinner.unpin(Float64Array.from(step.pages), step.pages.length))).toBe(expected);
        if (expected !== 'EINVAL') twin.remember(device, step.pages.slice(0, Number(expected)), -1);
        return;
      }
      case 'attach': {
        const group = twin.group(step.group);
        const expected = naive.attach(step.group, group.kind);
        expect(answer(() => type1.attachGroup(group))).toBe(expected);
        return;
      }
      case 'detach': {
        const expected = naive.detach(step.group, devices);
        expect(answer(() => type1.detachGroup(twin.group(step.group)))).toBe(expected);
        return;
      }
      case 'release':
        naive.release(device);
        pinner.release();
        expect(answer(() => pinner.pin(Float64Array.of(0), 1, false, new Float64Array(1)))).toBe('ENODEV');
        twin.addPinner(device);
        return;
      case 'close':
        naive.close();
        type1[Symbol.dispose]();
        for (const each of devices) twin.addPinner(each);
        twin.told.length = naive.told.length = 0;
        return;
      default:
        this.#turn(step);
    }
  }

  /** What happens to the processes meanwhile. */
  #turn(step: Extract<Step, { readonly task: number }>): void {
    const task = this.tasks[step.task];
    const pages = this.pages[step.task];
    if (task === undefined || pages === undefined) throw new Error('no such task');
    if (step.do === 'limit') task.limit = step.pages;
    if (step.do === 'capability') task.lockAll = !task.lockAll;
    if (step.do === 'die') task.alive = false;
    // A page that is taken does not go missing.
    if (step.do === 'miss' && !pages.taken.has(step.vaddr) && step.task === 0) pages.missing.add(step.vaddr);
    if (step.do === 'find') pages.missing.delete(step.vaddr);
  }

  check(): void {
    for (const [index, task] of this.tasks.entries()) expect(task.locked.pages, `locked by task ${index}`).toBe(this.naiveLocked(task));
    for (const { naive, type1, pinners, told } of this.twins) {
      expect(type1.mappings).toBe(naive.mappings.length);
      for (const [device, pinner] of pinners) expect(pinner.pages, `pinned by ${device.name}`).toBe(naive.pagesOf(device));
      // In which order devices are told is not promised.
      expect(told.toSorted()).toEqual(naive.told.toSorted());
    }
  }
}

/** The number that the call answers, as text, or the errno's name. */
function number_(call: () => number | bigint): string {
  let result: number | bigint = 0;
  const refusal = answer(() => (result = call()));
  return refusal === 'ok' ? String(result) : refusal;
}

describe('type1 and its naive twin', () => {
  it('answer alike and lock the same, after every step, and nothing stays locked or taken at the end', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.array(act, { minLength: 10, maxLength: 60 }), (acts) => {
        const bench = new Bench();
        for (const each of acts) {
          bench.run(each);
          bench.check();
        }
        for (const { type1, naive } of bench.twins) {
          type1[Symbol.dispose]();
          naive.close();
        }
        expect(bench.tasks.map(({ locked }) => locked.pages)).toEqual([0, 0]);
        expect(bench.pages.map(({ taken }) => taken.size)).toEqual([0, 0]);
      }),
      { numRuns: 1500 },
    );
  });
});
