// Runs in the guest: the benchmarks of which a name begins with the given prefix, a JSON line each.
import { runBenches, type Bench } from '../run-benches.ts';

const writes = ['create', 'remove'].flatMap((what) => ['', '.at_once', '.mdevctl'].map((way) => `kernel.${what}${way}`));
const benches: readonly Bench[] = [
  { names: writes, run: async () => (await import('./writes.ts')).writes() },
  { names: ['kernel.apply'], run: async () => (await import('./apply.ts')).apply() },
];

// A provider alone does not keep a process alive.
setInterval(() => undefined, 60_000);
await runBenches(benches, process.argv[2] ?? '');
