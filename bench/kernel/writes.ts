import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { atLeastInRounds, compareInRounds, type BenchResult } from '../result.ts';
import { atOnce, bareLoop, inSequence, mdevctl, startProvider, type Contender } from './contenders.ts';

const count = 20;
const warmUps = 4;
const rounds = 11;

/** What 20 creates and 20 removes took in each round, ms. */
interface Times {
  readonly create: number[];
  readonly remove: number[];
}

/**
 * `kernel.create`, `kernel.remove`: 20 through the provider, beside the bare writes in one process and beside mdevctl. They take turns in
 * each round. The goals are judged by calls one after the other, which is the harder way; `.at_once` is the same with all calls at once.
 */
export async function writes(): Promise<readonly BenchResult[]> {
  const provider = startProvider();
  const contenders = { bare: bareLoop, sequence: inSequence(provider), atOnce: atOnce(provider), mdevctl };
  const quick = [contenders.bare, contenders.sequence, contenders.atOnce];
  for (let round = 0; round < warmUps; round++) for (const contender of quick) await timed(contender);
  const times = new Map<Contender, Times>(Object.values(contenders).map((contender) => [contender, { create: [], remove: [] }]));
  for (let round = 0; round < rounds; round++) {
    // Who follows whom changes.
    const turns = [...times.keys()];
    turns.push(...turns.splice(0, round % turns.length));
    for (const contender of turns) {
      const { create, remove } = await timed(contender);
      times.get(contender)?.create.push(create);
      times.get(contender)?.remove.push(remove);
    }
  }
  await provider.close();
  const of = (contender: Contender, what: keyof Times): number[] => times.get(contender)?.[what] ?? [];
  return (['create', 'remove'] as const).flatMap((what) => [
    compareInRounds(`kernel.${what}`, of(contenders.sequence, what), 'ms', of(contenders.bare, what), 2),
    compareInRounds(`kernel.${what}.at_once`, of(contenders.atOnce, what), 'ms', of(contenders.bare, what), 2),
    atLeastInRounds(`kernel.${what}.mdevctl`, of(contenders.sequence, what), 'ms', of(contenders.mdevctl, what), 20),
  ]);
}

async function timed({ create, remove }: Contender): Promise<{ create: number; remove: number }> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const begin = performance.now();
  await create(ids);
  const made = performance.now();
  if (readdirSync('/sys/bus/mdev/devices').length !== count) throw new Error('The devices were not made');
  const before = performance.now();
  await remove(ids);
  const removed = performance.now();
  if (readdirSync('/sys/bus/mdev/devices').length > 0) throw new Error('The devices were not removed');
  return { create: made - begin, remove: removed - before };
}
