import { bound, type BenchResult } from '../result.ts';
import { difference, total } from '../metrics-reader.ts';
import type { OperatorSide } from './operator.ts';

/** Two minutes, in which each Lease is renewed several times and some watches begin anew. */
const idleFor = 120_000;

/** `cluster.idle`: what agents and controller ask of the API server while nothing happens, Leases included. */
export async function idle(operator: OperatorSide, nodes: number): Promise<readonly BenchResult[]> {
  const before = await operator.requests();
  const begin = performance.now();
  await new Promise((resolve) => setTimeout(resolve, idleFor));
  const more = difference(await operator.requests(), before);
  const minutes = (performance.now() - begin) / 60_000;
  for (const [what, count] of more) console.error(`idle: ${count} times ${what}`);
  return [bound('cluster.idle', total(more) / nodes / minutes, 'requests per node and minute', 6)];
}
