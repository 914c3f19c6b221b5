// Runs the benchmarks whose names begin with the given prefix, all without one, and prints a JSON line each.
import type { BenchResult } from './result.ts';

interface Bench {
  readonly names: readonly string[];
  readonly run: () => Promise<readonly BenchResult[]>;
}

// Imported when run, so that one benchmark does not pay for the others in memory.
const benches: readonly Bench[] = [
  { names: ['core.create'], run: async () => [await (await import('./core-create.ts')).coreCreate()] },
  { names: ['pins.page'], run: async () => (await import('./pins-page.ts')).pinsPage() },
  { names: ['pins.memory'], run: async () => (await import('./pins-memory.ts')).pinsMemory() },
  { names: ['vfiouser.read'], run: async () => [await (await import('./vfiouser-read.ts')).vfiouserRead()] },
  { names: ['reconcile.ready', 'reconcile.writes'], run: async () => (await import('./reconcile-ready.ts')).reconcileReady() },
  { names: ['api.list'], run: async () => (await import('./api-list.ts')).apiList() },
  { names: ['api.watch'], run: async () => (await import('./api-watch.ts')).apiWatch() },
  { names: ['idle.writes'], run: async () => (await import('./idle-writes.ts')).idleWrites() },
  { names: ['memory.per_device'], run: async () => (await import('./memory-per-device.ts')).memoryPerDevice() },
];

const prefix = process.argv[2] ?? '';
const chosen = benches.filter(({ names }) => names.some((name) => name.startsWith(prefix)));
if (chosen.length === 0) {
  console.error(`No benchmark begins with ${JSON.stringify(prefix)}. There are: ${benches.flatMap(({ names }) => names).join(', ')}.`);
  process.exitCode = 2;
}
for (const { run } of chosen) for (const result of await run()) console.log(JSON.stringify(result));
process.exit();
