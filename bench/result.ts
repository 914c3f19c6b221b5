/** One line of the benchmark's output: a figure, the figure of its peer in the same run, and whether the goal is met. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with. */
  readonly peer: number | null;
  /** value / peer (of `atLeast`: the other way round), or the value itself where there is no peer. */
  readonly ratio: number;
  /** The ratio is to be at most this (of `atLeast` and `atLeastOf`: at least). */
  readonly goal: number;
  readonly met: boolean;
}

/** A result whose goal is an upper bound of value / peer. */
export function compare(name: string, value: number, unit: string, peer: number, goal: number): BenchResult {
  const ratio = value / peer;
  return { name, value: round(value), unit, peer: round(peer), ratio: round(ratio), goal, met: ratio <= goal };
}

/** A result that is to be better than its peer by a factor: `ratio` is peer / value, `goal` its lower bound. For values of which less is better. */
export function atLeast(name: string, value: number, unit: string, peer: number, goal: number): BenchResult {
  const ratio = peer / value;
  return { name, value: round(value), unit, peer: round(peer), ratio: round(ratio), goal, met: ratio >= goal };
}

/** A result whose goal is a lower bound of value / peer, for values of which more is better. */
export function atLeastOf(name: string, value: number, unit: string, peer: number, goal: number): BenchResult {
  const ratio = value / peer;
  return { name, value: round(value), unit, peer: round(peer), ratio: round(ratio), goal, met: ratio >= goal };
}

/** A result whose goal is an upper bound of the value itself. */
export function bound(name: string, value: number, unit: string, goal: number): BenchResult {
  return { name, value: round(value), unit, peer: null, ratio: round(value), goal, met: value <= goal };
}

/** As `compare`, of values and peers that took turns: `ratio` is the middle one of the rounds' ratios, so that noise of a round cancels out. */
export function compareInRounds(
  name: string,
  values: readonly number[],
  unit: string,
  peers: readonly number[],
  goal: number,
): BenchResult {
  const ratio = median(values.map((value, index) => value / (peers[index] ?? Number.NaN)));
  return { ...compare(name, median(values), unit, median(peers), goal), ratio: round(ratio), met: ratio <= goal };
}

/** As `atLeast`, in rounds: see `compareInRounds`. */
export function atLeastInRounds(
  name: string,
  values: readonly number[],
  unit: string,
  peers: readonly number[],
  goal: number,
): BenchResult {
  const ratio = median(values.map((value, index) => (peers[index] ?? Number.NaN) / value));
  return { ...atLeast(name, median(values), unit, median(peers), goal), ratio: round(ratio), met: ratio >= goal };
}

/** The middle value of `samples`. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
