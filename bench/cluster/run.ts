// `npm run bench:cluster -- [--nodes N] [--devices N] [--rounds N] [PREFIX]`, see README.md.
import { parseArgs } from 'node:util';
import { buildControlPlane } from '../../test/cluster/binaries.ts';
import type { BenchResult } from '../result.ts';
import { allocate, explain } from './allocate.ts';
import { BareSide } from './bare.ts';
import { classes } from './classes.ts';
import { idle } from './idle.ts';
import { memory, type Residents } from './memory.ts';
import { OperatorSide } from './operator.ts';
import { publishBare, publishByOperator, publishResults, type PublishSamples } from './publish.ts';
import { ready } from './ready.ts';
import { warmUps, type ClusterSize } from './size.ts';

const { values, positionals } = parseArgs({
  options: {
    nodes: { type: 'string', default: '200' },
    devices: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
  },
  allowPositionals: true,
});
const size: ClusterSize = { nodes: Number(values.nodes), devices: Number(values.devices), rounds: Number(values.rounds) };
const prefix = positionals[0] ?? '';

function print(results: readonly BenchResult[]): void {
  for (const result of results) if (result.name.startsWith(prefix)) console.log(JSON.stringify(result));
}

function wants(name: string): boolean {
  return name.startsWith(prefix) || prefix.startsWith(name);
}

async function overAPI(bin: string): Promise<void> {
  const samples: PublishSamples = { operator: [], bare: [], operatorCPU: [], bareCPU: [], toDevices: [], toOthers: [] };
  for (let round = 1; ; round++) {
    const last = round === size.rounds;
    const bare = await BareSide.start(bin, size);
    await bare.publish(0, warmUps(size));
    await publishBare(bare, size, samples);
    if (!last) await bare[Symbol.asyncDispose]();
    const operator = await OperatorSide.start(bin, size);
    await operator.publish(0, warmUps(size));
    const residents: Residents[] = [];
    if (last) residents.push({ devices: warmUps(size), ...(await operator.resident()) });
    await publishByOperator(operator, size, samples);
    console.error(
      `round ${round}: bare ${samples.bare.at(-1)?.toFixed(1) ?? ''}/s, operator ${samples.operator.at(-1)?.toFixed(1) ?? ''}/s`,
    );
    if (!last) {
      await operator[Symbol.asyncDispose]();
      continue;
    }
    print(publishResults(samples));
    const present = warmUps(size) + size.devices;
    residents.push({ devices: present, ...(await operator.resident()) });
    print(memory(residents));
    if (wants('cluster.ready')) print(await ready(operator, bare, size.nodes, present));
    await bare[Symbol.asyncDispose]();
    if (wants('cluster.idle')) print(await idle(operator, size.nodes));
    await operator[Symbol.asyncDispose]();
    return;
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
if (wants('cluster.allocate')) print(allocate());
if (wants('cluster.explain')) print(explain());
if (wants('cluster.classes')) print(await classes(await buildControlPlane()));
if (['cluster.publish', 'cluster.memory', 'cluster.ready', 'cluster.idle'].some(wants)) await overAPI(await buildControlPlane());
process.exit();
