/** Lists and sets in CEL: sum, min, max, isSorted, indexOf; slices and sorting; sets.contains and its kin. */
import type { Environment } from '@marcbachmann/cel-js';
import { valuesEqual } from './value.ts';
import type { Provenance } from './value.ts';

const sync = { async: false } as const;
const COMPARABLE = ['int', 'double', 'string', 'bool', 'bytes', 'google.protobuf.Timestamp', 'google.protobuf.Duration'];
const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);

class SetsNamespace {
  readonly name = 'sets';
}

/** Registers the list and set extensions. */
export function registerLists(env: Environment, origin: Provenance): void {
  const equal = (a: unknown, b: unknown): boolean => valuesEqual(a, b, origin);
  const fn = (signature: string, handler: (...args: never[]) => unknown): void => {
    env.registerFunction(signature, handler as (...args: unknown[]) => unknown, sync);
  };
  for (const type of COMPARABLE) {
    fn(`list<${type}>.isSorted(): bool`, (list: readonly unknown[]) => list.every((item, i) => i === 0 || compare(list[i - 1], item) <= 0));
    fn(`list<${type}>.min(): ${type}`, (list: readonly unknown[]) => extreme(list, -1, 'min'));
    fn(`list<${type}>.max(): ${type}`, (list: readonly unknown[]) => extreme(list, 1, 'max'));
    fn(`list<${type}>.sort(): list<${type}>`, (list: readonly unknown[]) => [...list].sort(compare));
  }
  fn('list<int>.sum(): int', (list: readonly bigint[]) => {
    const sum = list.reduce((total, item) => total + item, 0n);
    if (sum > MAX_INT || sum < MIN_INT) throw new Error('integer overflow');
    return sum;
  });
  fn('list<double>.sum(): double', (list: readonly number[]) => list.reduce((total, item) => total + item, 0));
  for (const name of ['indexOf', 'k8s_indexOf']) {
    fn(`list<A>.${name}(A): int`, (list: readonly unknown[], item: unknown) => BigInt(list.findIndex((other) => equal(item, other))));
  }
  for (const name of ['lastIndexOf', 'k8s_lastIndexOf']) {
    fn(`list<A>.${name}(A): int`, (list: readonly unknown[], item: unknown) => BigInt(list.findLastIndex((other) => equal(item, other))));
  }
  fn('list<A>.distinct(): list<A>', (list: readonly unknown[]) =>
    list.filter((item, i) => list.findIndex((other) => equal(item, other)) === i),
  );
  fn('list<A>.reverse(): list<A>', (list: readonly unknown[]) => [...list].reverse());
  fn('list<list<A>>.flatten(): list<A>', (list: readonly unknown[]) => list.flat());
  fn('list<A>.slice(int, int): list<A>', (list: readonly unknown[], start: bigint, end: bigint) => {
    if (start < 0n || end < 0n || start > end || end > BigInt(list.length)) {
      throw new Error(`cannot slice(${String(start)}, ${String(end)}), list is length ${String(list.length)}`);
    }
    return list.slice(Number(start), Number(end));
  });

  const contains = (list: readonly unknown[], items: readonly unknown[]): boolean =>
    items.every((item) => list.some((other) => equal(item, other)));
  env.registerType('SetsNamespace', SetsNamespace);
  env.registerConstant('sets', 'SetsNamespace', new SetsNamespace());
  fn('SetsNamespace.contains(list, list): bool', (_: unknown, a: readonly unknown[], b: readonly unknown[]) => contains(a, b));
  fn(
    'SetsNamespace.equivalent(list, list): bool',
    (_: unknown, a: readonly unknown[], b: readonly unknown[]) => contains(a, b) && contains(b, a),
  );
  fn('SetsNamespace.intersects(list, list): bool', (_: unknown, a: readonly unknown[], b: readonly unknown[]) =>
    a.some((item) => contains(b, [item])),
  );
}

function compare(a: unknown, b: unknown): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  // Durations and dates order by what valueOf says of them.
  const [x, y] = [a as string, b as string];
  return x < y ? -1 : x > y ? 1 : 0;
}

function extreme(list: readonly unknown[], sign: 1 | -1, name: string): unknown {
  if (list.length === 0) throw new Error(`${name} called on empty list`);
  return list.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best));
}
