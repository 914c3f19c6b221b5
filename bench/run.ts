// Runs the benchmarks whose names begin with the given prefix, all without one, and prints a JSON line each.
import { runBenches, type Bench } from './run-benches.ts';

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

await runBenches(benches, process.argv[2] ?? '');
