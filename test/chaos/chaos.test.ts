import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../support/seeded-random.ts';
import { temporaryDataDir, type StandaloneProcess } from '../support/standalone-process.ts';
import { chaosRound, deviceCount, startOperator, type Plan, type Victim } from './round.ts';

const rounds = Number(process.env['CHAOS_ROUNDS'] ?? 4);
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);

const casts: readonly (readonly Victim[])[] = [['operator'], ['emulator'], ['operator', 'emulator'], ['emulator', 'operator']];

function plans(): Plan[] {
  const random = seededRandom(seed);
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
