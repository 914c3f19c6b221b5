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
  return result({ name, value, unit, peer, ratio: value / peer, goal, bound: 'most' });
}

/** A result that is to be better than its peer by a factor: `ratio` is peer / value, `goal` its lower bound. For values of which less is better. */
export function atLeast(name: string, value: number, unit: string, peer: number, goal: number): BenchResult {
  return result({ name, value, unit, peer, ratio: peer / value, goal, bound: 'least' });
}

/** A result whose goal is a lower bound of value / peer, for values of which more is better. */
export function atLeastOf(name: string, value: number, unit: string, peer: number, goal: number): BenchResult {
  return result({ name, value, unit, peer, ratio: value / peer, goal, bound: 'least' });
}

/** A result whose goal is an upper bound of the value itself. */
export function bound(name: string, value: number, unit: string, goal: number): BenchResult {
  return result({ name, value, unit, peer: null, ratio: value, goal, bound: 'most' });
}

/** As `compare`, of values and peers that took turns: `ratio` is the middle one of the rounds' ratios, so that noise of a round cancels out. */
export function compareInRounds(name: string, values: Samples, unit: string, peers: Samples, goal: number): BenchResult {
  const ratio = median(ratios(values, peers));
  return result({ name, value: median(values), unit, peer: median(peers), ratio, goal, bound: 'most' });
}

/** As `atLeast`, in rounds: see `compareInRounds`. */
export function atLeastInRounds(name: string, values: Samples, unit: string, peers: Samples, goal: number): BenchResult {
  const ratio = median(ratios(peers, values));
  return result({ name, value: median(values), unit, peer: median(peers), ratio, goal, bound: 'least' });
}

/** As `atLeastOf`, in rounds: see `compareInRounds`. */
export function atLeastOfInRounds(name: string, values: Samples, unit: string, peers: Samples, goal: number): BenchResult {
  const ratio = median(ratios(values, peers));
  return result({ name, value: median(values), unit, peer: median(peers), ratio, goal, bound: 'least' });
}

/** One of each round. */
type Samples = readonly number[];

function ratios(tops: Samples, bottoms: Samples): number[] {
  return tops.map((top, index) => top / (bottoms[index] ?? Number.NaN));
}

function result({
  name,
  value,
  unit,
  peer,
  ratio,
  goal,
  bound: which,
}: Omit<BenchResult, 'met'> & { bound: 'most' | 'least' }): BenchResult {
  const met = which === 'most' ? ratio <= goal : ratio >= goal;
  return { name, value: round(value), unit, peer: peer === null ? null : round(peer), ratio: round(ratio), goal, met };
}

/** The middle value of `samples`. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
