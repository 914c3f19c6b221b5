/** What validating a value gathers, and the refusals it gathers, worded as kube-openapi and apiextensions word them. */
import { invalid, notSupported, required, tooLong, tooMany, typeInvalid } from '../field-error.ts';
import type { FieldError } from '../field-error.ts';
import { goNumber } from './go-format.ts';
import { ROOT_PATH } from './path.ts';

/** One refusal, and the text by which the same refusal is known again. */
interface Finding {
  readonly key: string;
  readonly error: FieldError;
}

/** Refusals without repetition, and how many checks were passed: that picks the most telling branch of an anyOf. */
export class ValueResult {
  readonly findings: Finding[] = [];
  matches = 0;

  get valid(): boolean {
    return this.findings.length === 0;
  }

  add(finding: Finding): void {
    if (!this.findings.some((known) => known.key === finding.key)) this.findings.push(finding);
  }

  merge(other: ValueResult): void {
    for (const finding of other.findings) this.add(finding);
    this.matches += other.matches;
  }
}

const at = (path: string): string => (path === '' || path === '.' ? ROOT_PATH : path.replace(/^\./, ''));

/** A refusal whose detail is the sentence itself, "<path> in body should ...". */
export function sentence(path: string, value: unknown, text: string): Finding {
  const key = `${path} in body ${text}`;
  return { key, error: invalid(at(path), value, key) };
}

/** A refusal of a whole branch, or of a number out of its type's range; it belongs to no field. */
export function unplaced(text: string): Finding {
  return { key: text, error: invalid(ROOT_PATH, '', text) };
}

export function wrongType(path: string, expected: string, actual: string): Finding {
  const key = `${path} in body must be of type ${expected}: ${JSON.stringify(actual)}`;
  return { key, error: typeInvalid(at(path), actual, key) };
}

export function missing(path: string): Finding {
  return { key: `${path} in body is required`, error: required(at(path)) };
}

export function notInEnum(path: string, value: unknown, allowed: readonly string[]): Finding {
  return { key: `${path} in body should be one of ${allowed.join(' ')}`, error: notSupported(at(path), value, allowed) };
}

export function overlong(path: string, max: number): Finding {
  return { key: `${path} in body should be at most ${String(max)} chars long`, error: tooLong(at(path), max) };
}

export function overfull(path: string, kind: 'items' | 'properties', actual: number, max: number): Finding {
  return { key: `${path} in body should have at most ${String(max)} ${kind}`, error: tooMany(at(path), actual, max) };
}

export function forbiddenProperty(path: string, key: string): Finding {
  const text = `${path}.${key} in body is a forbidden property`;
  return { key: text, error: invalid(at(path), key, text) };
}

export function notPositive(path: string, factor: number): Finding {
  const text = `factor MultipleOf declared for ${path} must be positive: ${goNumber(factor)}`;
  return { key: text, error: invalid(at(path), factor, text) };
}
