import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDataDir, type StandaloneProcess } from '../support/standalone-process.ts';
import { chaosRound, deviceCount, startOperator, type Plan, type Victim } from './round.ts';

const rounds = Number(process.env['CHAOS_ROUNDS'] ?? 4);
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);

/** A small generator of numbers in [0, 1) from a seed (mulberry32), so that a failed run can be run again. */
function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const casts: readonly (readonly Victim[])[] = [['operator'], ['emulator'], ['operator', 'emulator'], ['emulator', 'operator']];

function plans(): Plan[] {
  const random = generator(seed);
  return Array.from({ length: rounds }, (_, round) => ({
    victims: casts[round % casts.length] ?? ['operator'],
    afterCreates: 1 + Math.floor(random() * (deviceCount - 2)),
    killDuringDelete: random() < 0.5,
  }));
}

describe(`killed with -9 in the middle of ${deviceCount} creates (CHAOS_SEED=${seed})`, () => {
  let operator: StandaloneProcess;

  beforeAll(async () => {
    operator = await startOperator(await temporaryDataDir());
  });
  afterAll(async () => {
    expect(await operator.end('SIGTERM')).toBe(0);
  });

  it.each(plans())(
    'every device is Ready once, none doubled, orphaned or half-written: kill $victims after $afterCreates',
    async (plan) => {
      operator = await chaosRound(operator, plan);
    },
    180_000,
  );
});
