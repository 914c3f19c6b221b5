import type { BenchResult } from './result.ts';

/** Benchmarks that are run together. */
export interface Bench {
  /** Of its results. */
  readonly names: readonly string[];
  readonly run: () => Promise<readonly BenchResult[]>;
}

/** Runs those of which a name begins with `prefix`, prints a JSON line for each result, and ends the process. */
export async function runBenches(benches: readonly Bench[], prefix: string): Promise<never> {
  const chosen = benches.filter(({ names }) => names.some((name) => name.startsWith(prefix)));
  if (chosen.length === 0) {
    console.error(`No benchmark begins with ${JSON.stringify(prefix)}. There are: ${benches.flatMap(({ names }) => names).join(', ')}.`);
    process.exitCode = 2;
  }
  for (const { run } of chosen) for (const result of await run()) console.log(JSON.stringify(result));
  process.exit();
}
