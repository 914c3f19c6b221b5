/** Conversions and comparisons of CEL that cel-js lacks or is too lenient with. `int` is renamed, see lib-strings.ts. */
import type { Environment } from '@marcbachmann/cel-js';

const sync = { async: false } as const;
const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';
const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);

/** Registers them. */
export function registerConversions(env: Environment): void {
  const fn = (signature: string, handler: (...args: never[]) => unknown): void => {
    env.registerFunction(signature, handler as (...args: unknown[]) => unknown, sync);
  };
  const fromUint = (value: { valueOf(): bigint }): bigint => checkRange(value.valueOf());
  const fromTime = (time: Date): bigint => BigInt(Math.floor(time.getTime() / 1000));
  fn('int(uint): int', fromUint);
  fn(`int(${TIMESTAMP}): int`, fromTime);
  fn('k8s_int(int): int', (value: bigint) => value);
  fn('k8s_int(uint): int', fromUint);
  fn(`k8s_int(${TIMESTAMP}): int`, fromTime);
  fn('k8s_int(double): int', (value: number) => {
    if (!Number.isFinite(value)) throw new Error('integer overflow');
    return checkRange(BigInt(Math.trunc(value)));
  });
  fn('k8s_int(string): int', (text: string) => {
    const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
    if (value === undefined || value > MAX_INT || value < MIN_INT) throw new Error("type conversion error from 'string' to 'int'");
    return value;
  });
  fn(`string(${TIMESTAMP}): string`, (time: Date) => time.toISOString().replace(/\.?0*Z$/, 'Z'));
  fn(`string(${DURATION}): string`, (duration: { toString(): string }) => duration.toString());
  const order = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);
  env.registerOperator('bytes < bytes', (a: Uint8Array, b: Uint8Array) => order(a, b) < 0);
  env.registerOperator('bytes <= bytes', (a: Uint8Array, b: Uint8Array) => order(a, b) <= 0);
  env.registerOperator('bytes > bytes', (a: Uint8Array, b: Uint8Array) => order(a, b) > 0);
  env.registerOperator('bytes >= bytes', (a: Uint8Array, b: Uint8Array) => order(a, b) >= 0);
}

function checkRange(value: bigint): bigint {
  if (value > MAX_INT || value < MIN_INT) throw new Error('integer overflow');
  return value;
}
