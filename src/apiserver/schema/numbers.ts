/**
 * Limits of numbers, with Go's two kinds kept apart: JSON's whole numbers are int64 there, the rest float64, and
 * a limit is compared in the kind of the value (so `maximum: 1.5` on the whole number 2 reads "at most 1").
 */
import { goFloat, goNumber } from './go-format.ts';
import type { ValueNode } from './value-node.ts';
import { notPositive, sentence, unplaced } from './value-result.ts';
import type { ValueResult } from './value-result.ts';

const INT64_LIMIT = 2 ** 63;
const MAX_FLOAT32 = 3.4028234663852886e38;

/** Whether a JSON number is one Go reads as an int64. */
export function isInt64(value: number): boolean {
  return Number.isInteger(value) && value >= -INT64_LIMIT && value < INT64_LIMIT;
}

/** Whether a float counts as a whole number: exactly or but for rounding, and within what a double can count. */
export function isFloatInteger(value: number): boolean {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  const nearest = Math.trunc(value);
  return nearest === value || Math.abs(value - nearest) / (Math.abs(value) + Math.abs(nearest)) < 1e-9;
}

/** Range of the type, multipleOf, minimum and maximum. */
export function checkNumber(node: ValueNode, value: number, path: string, result: ValueResult): void {
  const { multipleOf, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = node.schema;
  checkRange(node, value, 'Checked', path, result);
  const whole = isInt64(value);
  if (multipleOf !== undefined) {
    const native = checkRange(node, multipleOf, 'MultipleOf', path, result) && whole;
    checkMultiple(value, native ? Math.trunc(multipleOf) : multipleOf, native, path, result);
  }
  if (minimum !== undefined) {
    const native = checkRange(node, minimum, 'Minimum boundary', path, result) && whole;
    const limit = native ? Math.trunc(minimum) : minimum;
    if (exclusiveMinimum === true ? value <= limit : value < limit) {
      result.add(
        sentence(path, value, `should be greater than ${exclusiveMinimum === true ? '' : 'or equal to '}${limitText(limit, native)}`),
      );
    }
  }
  if (maximum !== undefined) {
    const native = checkRange(node, maximum, 'Maximum boundary', path, result) && whole;
    const limit = native ? Math.trunc(maximum) : maximum;
    if (exclusiveMaximum === true ? value >= limit : value > limit) {
      result.add(
        sentence(path, value, `should be less than ${exclusiveMaximum === true ? '' : 'or equal to '}${limitText(limit, native)}`),
      );
    }
  }
}

function limitText(limit: number, native: boolean): string {
  return native ? goNumber(limit) : goFloat(limit);
}

function checkMultiple(value: number, factor: number, native: boolean, path: string, result: ValueResult): void {
  if (factor <= 0) {
    result.add(notPositive(path, factor));
    return;
  }
  const fits = native ? value % factor === 0 : isFloatInteger(factor < 1 ? (1 / factor) * value : value / factor);
  if (!fits) result.add(sentence(path, value, `should be a multiple of ${limitText(factor, native)}`));
}

/** Whether `value` fits the schema's type and format; if not, says so. */
function checkRange(node: ValueNode, value: number, subject: string, path: string, result: ValueResult): boolean {
  const [type] = node.types.length === 1 ? node.types : [''];
  const { format } = node;
  let fits = true;
  if (type === 'integer') {
    fits = format === 'int32' ? Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31 : isInt64(value);
  } else if (type === 'number' && format === 'float') {
    fits = Math.abs(value) <= MAX_FLOAT32;
  }
  if (!fits) {
    const described = format === '' ? `${type ?? ''} (default format)` : `${type ?? ''} with format ${format}`;
    result.add(unplaced(`${subject} value must be of type ${described} in ${path}`));
  }
  return fits;
}
