import { difference, writesOf } from '../metrics-reader.ts';
import { atLeastOfInRounds, bound, compareInRounds, median, type BenchResult } from '../result.ts';
import type { BareSide } from './bare.ts';
import type { OperatorSide } from './operator.ts';
import { warmUps, type ClusterSize } from './size.ts';

/** What the rounds of a run have measured. */
export interface PublishSamples {
  /** Devices a second, of operator and bare client, in each round. */
  readonly operator: number[];
  readonly bare: number[];
  /** CPU time per device, of everybody, in ms. */
  readonly operatorCPU: number[];
  readonly bareCPU: number[];
  /** Writes per device, in each round: to the device itself, the user's included, and to everything else but Leases. */
  readonly toDevices: number[];
  readonly toOthers: number[];
}

/** The time in which an MdevParent that has changed is surely written, ms. */
const settles = 3000;

/** One turn of the bare client. */
export async function publishBare(side: BareSide, size: ClusterSize, samples: PublishSamples): Promise<void> {
  const [from, to] = [warmUps(size), warmUps(size) + size.devices];
  const { elapsed, cpu } = await side.publish(from, to);
  samples.bare.push(size.devices / elapsed);
  samples.bareCPU.push((cpu * 1000) / size.devices);
}

/** One turn of the operator. */
export async function publishByOperator(side: OperatorSide, size: ClusterSize, samples: PublishSamples): Promise<void> {
  const [from, to] = [warmUps(size), warmUps(size) + size.devices];
  const before = await side.requests();
  const { elapsed, cpu } = await side.publish(from, to);
  samples.operator.push(size.devices / elapsed);
  samples.operatorCPU.push((cpu * 1000) / size.devices);
  await new Promise((resolve) => setTimeout(resolve, settles));
  const more = difference(await side.requests(), before);
  for (const [what, count] of more) console.error(`publish: ${count} times ${what}`);
  const writes = writesOf(more);
  const grown = (resource: string): number => writes.get(resource) ?? 0;
  samples.toDevices.push(1 + grown('mdevdevices') / size.devices);
  samples.toOthers.push((grown('mdevparents') + grown('events') + grown('nodes')) / size.devices);
}

/** `cluster.publish`, in rounds that took turns, what it took of the machine, and the writes that it took. */
export function publishResults(samples: PublishSamples): readonly BenchResult[] {
  const { operator, bare, operatorCPU, bareCPU, toDevices, toOthers } = samples;
  return [
    atLeastOfInRounds('cluster.publish', operator, 'devices per second', bare, 0.8),
    compareInRounds('cluster.publish.cpu', operatorCPU, 'ms of CPU time per device, API server and etcd included', bareCPU, 1.25),
    bound('cluster.publish.writes', median(toDevices), "writes per device, the user's included", 4),
    bound('cluster.publish.other_writes', median(toOthers), 'writes to MdevParents and Events per device', 0.25),
  ];
}
