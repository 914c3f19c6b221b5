// Runs in the guest: the benchmarks whose names begin with the given prefix, a JSON line each.
import type { BenchResult } from '../result.ts';

interface Bench {
  readonly names: readonly string[];
  readonly run: () => Promise<readonly BenchResult[]>;
}

const benches: readonly Bench[] = [
  { names: ['kernel.create', 'kernel.remove'], run: async () => (await import('./writes.ts')).writes() },
  { names: ['kernel.apply'], run: async () => (await import('./apply.ts')).apply() },
];

const prefix = process.argv[2] ?? '';
const chosen = benches.filter(({ names }) => names.some((name) => name.startsWith(prefix) || prefix.startsWith(name)));
if (chosen.length === 0) {
  console.error(`No benchmark begins with ${JSON.stringify(prefix)}. There are: ${benches.flatMap(({ names }) => names).join(', ')}.`);
  process.exitCode = 2;
}
// A provider alone does not keep a process alive.
setInterval(() => undefined, 60_000);
for (const { run } of chosen) for (const result of await run()) console.log(JSON.stringify(result));
process.exit();
