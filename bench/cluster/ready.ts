import { compare, type BenchResult } from '../result.ts';
import type { Side } from './side.ts';

/** Each on another node, and as many as p99 needs. */
const most = 100;
/** These are not counted. */
const unmeasured = 5;

/**
 * `cluster.ready`: one device applied to an idle cluster until it is Ready, beside the same writes and watch events in a row on a cluster
 * of the same size that nobody else writes to. They take turns, device by device.
 * @param first numbers from here on are free
 */
export async function ready(operator: Side, bare: Side, nodes: number, first: number): Promise<readonly BenchResult[]> {
  const times = { operator: [] as number[], bare: [] as number[] };
  const count = Math.min(nodes, most) + unmeasured;
  for (let index = 0; index < count; index++) {
    const operatorTime = await operator.ready(first + index);
    const bareTime = await bare.ready(first + index);
    if (index < unmeasured) continue;
    times.operator.push(operatorTime);
    times.bare.push(bareTime);
  }
  const at = (share: number): BenchResult =>
    compare(`cluster.ready.p${share * 100}`, quantile(times.operator, share), 'ms', quantile(times.bare, share), 1.5);
  return [at(0.5), at(0.99)];
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
