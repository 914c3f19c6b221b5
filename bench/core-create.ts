import { MdevBus } from '../src/emulator/mdev/bus.ts';
import { vfioMdev } from '../src/emulator/mdev/driver.ts';
import { mttyDriver } from '../src/emulator/drivers/mtty.ts';
import { systemClock } from '../src/lib/clock.ts';

/** One line of `npm run bench`: `ratio` is value over peer. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer: number;
  readonly ratio: number;
  readonly goal: number;
  readonly met: boolean;
}

const goal = 1.2;
const rounds = 400;
const batch = 25;

/** `core.create`: the time of a create with 10,000 devices present over that with 10; medians of batches that take turns. */
export async function coreCreate(): Promise<BenchResult> {
  const many = await busWith(10_000);
  const few = await busWith(10);
  const times = { many: [] as number[], few: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    // Who goes first changes, so that a pause of the machine or of the collector favours neither.
    const order = round % 2 === 0 ? (['many', 'few'] as const) : (['few', 'many'] as const);
    for (const who of order) times[who].push(await timeOfCreate(who === 'many' ? many : few));
  }
  const value = median(times.many);
  const peer = median(times.few);
  const ratio = value / peer;
  return { name: 'core.create', value, unit: 'us', peer, ratio, goal, met: ratio <= goal };
}

async function busWith(devices: number): Promise<MdevBus> {
  const report = (): void => undefined;
  const bus = new MdevBus({ clock: systemClock, report, power: new AbortController().signal });
  bus.registerDriver(vfioMdev);
  bus.registerParent({ name: 'mtty', driver: 'mtty', ops: mttyDriver({ ports: 65_535, removeWhileOpen: 'block' }) });
  for (let number = 0; number < devices; number++) await bus.create('mtty', 'mtty-1', uuidOf(number));
  return bus;
}

/** The time of one create, in microseconds, as the mean of a batch that is removed again afterwards, untimed. */
async function timeOfCreate(bus: MdevBus): Promise<number> {
  const uuids = Array.from({ length: batch }, (_, index) => uuidOf(1_000_000 + index));
  const start = performance.now();
  for (const uuid of uuids) await bus.create('mtty', 'mtty-1', uuid);
  const time = performance.now() - start;
  for (const uuid of uuids) await bus.remove(uuid);
  return (time * 1000) / batch;
}

function uuidOf(number: number): string {
  return `12345678-1234-1234-1234-${number.toString(16).padStart(12, '0')}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
