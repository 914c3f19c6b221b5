/** Kubernetes quantities (`1500m`, `2Gi`, `1e3`) in CEL, exact to a billionth. */
import type { Environment } from '@marcbachmann/cel-js';

const sync = { async: false } as const;
const NANO = 10n ** 9n;
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);

/** An amount in billionths of one. */
export class Quantity {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** Reads a quantity; undefined for a text that is none. Finer than a billionth is rounded away from zero. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d{1,4})|([KMGTPE]i|[numkMGTPE]?))$/.exec(text);
  if (match === null) return undefined;
  const [, sign, number = '', exponent, suffix = ''] = match;
  const [whole = '', fraction = ''] = number.split('.');
  const digits = BigInt(whole + fraction);
  const binary = BINARY.indexOf(suffix);
  const power = (exponent === undefined ? (DECIMAL.get(suffix) ?? 0) : Number(exponent.slice(1))) - fraction.length + 9;
  const scaled = binary < 0 ? digits : digits * 1024n ** BigInt(binary + 1);
  let nanos: bigint;
  if (power >= 0) {
    nanos = scaled * 10n ** BigInt(power);
  } else {
    const divisor = 10n ** BigInt(-power);
    nanos = (scaled + divisor - 1n) / divisor;
  }
  return new Quantity(sign === '-' ? -nanos : nanos);
}

/** Registers quantity(), isQuantity() and the methods of a Quantity. */
export function registerQuantities(env: Environment): void {
  const fn = (signature: string, handler: (...args: never[]) => unknown): void => {
    env.registerFunction(signature, handler as (...args: unknown[]) => unknown, sync);
  };
  env.registerType('Quantity', Quantity);
  env.registerOperator('Quantity == Quantity', (a: Quantity, b: Quantity) => a.nanos === b.nanos);
  fn('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined);
  fn('quantity(string): Quantity', (text: string) => {
    const quantity = parseQuantity(text);
    if (quantity === undefined) {
      throw new Error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    }
    return quantity;
  });
  fn('sign(Quantity): int', (a: Quantity) => sign(a.nanos));
  fn('Quantity.isInteger(): bool', (a: Quantity) => fitsInteger(a));
  fn('Quantity.asInteger(): int', (a: Quantity) => {
    if (!fitsInteger(a)) throw new Error('cannot convert value to integer');
    return a.nanos / NANO;
  });
  fn('Quantity.asApproximateFloat(): double', (a: Quantity) => Number(a.nanos) / 1e9);
  fn('Quantity.isLessThan(Quantity): bool', (a: Quantity, b: Quantity) => a.nanos < b.nanos);
  fn('Quantity.isGreaterThan(Quantity): bool', (a: Quantity, b: Quantity) => a.nanos > b.nanos);
  fn('Quantity.compareTo(Quantity): int', (a: Quantity, b: Quantity) => sign(a.nanos - b.nanos));
  fn('Quantity.add(Quantity): Quantity', (a: Quantity, b: Quantity) => new Quantity(a.nanos + b.nanos));
  fn('Quantity.add(int): Quantity', (a: Quantity, b: bigint) => new Quantity(a.nanos + b * NANO));
  fn('Quantity.sub(Quantity): Quantity', (a: Quantity, b: Quantity) => new Quantity(a.nanos - b.nanos));
  fn('Quantity.sub(int): Quantity', (a: Quantity, b: bigint) => new Quantity(a.nanos - b * NANO));
}

function sign(nanos: bigint): bigint {
  return nanos > 0n ? 1n : nanos < 0n ? -1n : 0n;
}

function fitsInteger(quantity: Quantity): boolean {
  const whole = quantity.nanos / NANO;
  return quantity.nanos % NANO === 0n && whole < 2n ** 63n && whole >= -(2n ** 63n);
}
