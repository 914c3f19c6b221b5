import { randomUUID } from 'node:crypto';
import type { EmulatedHost } from '../src/emulator/host.ts';
import { bootHost } from '../src/emulator/host.ts';
import { parseProfile } from '../src/emulator/profile.ts';
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
  const many = await hostWith(10_000);
  const few = await hostWith(10);
  const times = { many: [] as number[], few: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    // New UUIDs each time, as devices have them. (A V8 Map keeps deleted entries in their chain until it grows: the same few keys
    // over and over would measure that.)
    const uuids = Array.from({ length: batch }, () => randomUUID());
    // Who goes first changes, so that a pause of the machine or of the collector favours neither.
    const order = round % 2 === 0 ? (['many', 'few'] as const) : (['few', 'many'] as const);
    for (const who of order) times[who].push(await timeOfCreate(who === 'many' ? many : few, uuids));
  }
  const value = median(times.many);
  const peer = median(times.few);
  const ratio = value / peer;
  return { name: 'core.create', value, unit: 'us', peer, ratio, goal, met: ratio <= goal };
}

/** A booted host, as the emulator runs it, with one parent and this many devices on it. */
async function hostWith(devices: number): Promise<EmulatedHost> {
  const profile = parseProfile('parents: [{ name: mtty, model: mtty, ports: 65535 }]');
  const host = await bootHost(profile, { clock: systemClock, report: () => undefined });
  for (let number = 0; number < devices; number++) await host.bus.create('mtty', 'mtty-1', randomUUID());
  return host;
}

/** The time of one create, in microseconds, as the mean of a batch that is removed again afterwards, untimed. */
async function timeOfCreate({ bus }: EmulatedHost, uuids: readonly string[]): Promise<number> {
  const start = performance.now();
  for (const uuid of uuids) await bus.create('mtty', 'mtty-1', uuid);
  const time = performance.now() - start;
  for (const uuid of uuids) await bus.remove(uuid);
  return (time * 1000) / batch;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
