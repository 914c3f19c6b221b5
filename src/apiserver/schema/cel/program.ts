/** One CEL expression compiled: checked against its environment, ready to run, its errors in cel-go's words. */
import { EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import type { Environment } from '@marcbachmann/cel-js';
import { GO_METHODS } from './lib-strings.ts';
import { identifiers, renameCalls } from './tokens.ts';
import type { Declared } from './declare.ts';

export interface Program {
  /** The CEL type of the result; `dyn` where only the values tell. */
  readonly type: string;
  /** Throws EvaluationFailure. */
  run(variables: Readonly<Record<string, unknown>>): unknown;
}

/** An expression that cannot be compiled; the message is what cel-go prints, with the place marked. */
export class CompilationFailure extends Error {
  override name = 'CompilationFailure';
}

/** An expression that failed on some values: a missing key, an overflow. */
export class EvaluationFailure extends Error {
  override name = 'EvaluationFailure';
}

/** Compiles `source`; `variables` are the declared types behind its names. Throws CompilationFailure. */
export function compileProgram(env: Environment, source: string, variables: ReadonlyMap<string, Declared>): Program {
  const type = check(env, source);
  checkPresenceTests(source, variables);
  const parsed = env.parse(renameCalls(source, GO_METHODS));
  const renamed = parsed.check();
  if (!renamed.valid) throw new CompilationFailure(locate(source, 0, describeCompile(renamed.error)), { cause: renamed.error });
  return {
    type,
    run(values) {
      try {
        return parsed({ ...values }) as unknown;
      } catch (cause) {
        throw new EvaluationFailure(describeEvaluation(cause), { cause });
      }
    },
  };
}

function check(env: Environment, source: string): string {
  const result = env.check(source);
  if (result.valid) return result.type ?? 'dyn';
  throw new CompilationFailure(locate(source, errorOffset(source, result.error), describeCompile(result.error)), { cause: result.error });
}

/** has() of a field that does not exist: cel-js lets it pass. Only plain paths from a variable are looked at. */
function checkPresenceTests(source: string, variables: ReadonlyMap<string, Declared>): void {
  const names = identifiers(source);
  for (const [i, { name, start, called }] of names.entries()) {
    if (name !== 'has' || !called) continue;
    const root = names[i + 1];
    let declared = root === undefined || root.member ? undefined : variables.get(root.name);
    for (const field of names.slice(i + 2)) {
      // Anything but `.name` right behind the last name ends the path.
      const previous = names[names.indexOf(field) - 1];
      if (declared?.fields === undefined || previous === undefined) break;
      if (source.slice(previous.start + previous.name.length, field.start).trim() !== '.' || field.called) break;
      const next: Declared | undefined = declared.fields.get(field.name);
      if (next === undefined) {
        throw new CompilationFailure(locate(source, Math.max(start, field.start - 1), `undefined field '${field.name}'`));
      }
      declared = next;
    }
  }
}

function describeCompile(error: unknown): string {
  if (!(error instanceof ParseError || error instanceof CelTypeError)) return error instanceof Error ? error.message : 'unknown error';
  const { summary } = error;
  if (error instanceof ParseError) return `Syntax error: ${summary}`;
  const field = /^No such key: (.*)$/.exec(summary);
  if (field !== null) return `undefined field '${field[1] ?? ''}'`;
  const variable = /^Unknown variable: (.*)$/.exec(summary);
  if (variable !== null) return `undeclared reference to '${variable[1] ?? ''}' (in container '')`;
  const binary = /^no such overload: (.*) (!=|==|in|[-+*/%]|[<>]=?) (.*)$/.exec(summary);
  if (binary !== null) {
    const [, left = '', operator = '', right = ''] = binary;
    const name = operator === 'in' ? '@in' : `_${operator}_`;
    return `found no matching overload for '${name}' applied to '(${goType(left)}, ${goType(right)})'`;
  }
  const call = /^found no matching overload for '(?:([^(]*)\.)?(\w+)\((.*)\)'$/.exec(summary);
  if (call !== null) {
    const [, receiver, name = '', args = ''] = call;
    const types = `(${args.split(', ').map(goType).join(', ')})`;
    return `found no matching overload for '${name}' applied to '${receiver === undefined ? types : `${goType(receiver)}.${types}`}'`;
  }
  return summary;
}

/** cel-js' type names as cel-go writes them. */
function goType(name: string): string {
  return name
    .replace(/\bobject\d+\b/g, 'object')
    .replace('google.protobuf.', '')
    .replaceAll('<', '(')
    .replaceAll('>', ')');
}

function errorOffset(source: string, error: unknown): number {
  if (!(error instanceof ParseError || error instanceof CelTypeError)) return 0;
  const start = error.range?.start ?? 0;
  // A missing field is marked at its dot, a call at its parenthesis.
  if (error.code === 'no_such_key') return Math.max(0, start - 1);
  if (error.code === 'no_matching_overload') {
    const name = /'(?:[^(]*\.)?(\w+)\(/.exec(error.summary)?.[1] ?? '';
    const at = identifiers(source).find((identifier) => identifier.start >= start && identifier.called && identifier.name === name);
    return at === undefined ? start : at.start + name.length;
  }
  return start;
}

/** `ERROR: <input>:1:5: ...` with the line and a mark under the place. */
function locate(source: string, offset: number, message: string): string {
  const before = source.slice(0, offset).split('\n');
  const column = before.at(-1)?.length ?? 0;
  const line = source.split('\n')[before.length - 1] ?? '';
  return `ERROR: <input>:${String(before.length)}:${String(column + 1)}: ${message}\n | ${line}\n | ${'.'.repeat(column)}^`;
}

function describeEvaluation(error: unknown): string {
  if (!(error instanceof EvaluationError)) return error instanceof Error ? error.message : 'unknown error';
  switch (error.code) {
    case 'no_such_key':
      return error.summary.replace('No such key', 'no such key');
    case 'index_out_of_bounds':
      return `index out of bounds: ${/index (-?\d+)/.exec(error.summary)?.[1] ?? ''}`;
    case 'division_by_zero':
      return 'division by zero';
    case 'modulo_by_zero':
      return 'modulus by zero';
    case 'numeric_overflow':
      return 'integer overflow';
    case 'no_such_overload':
    case 'no_matching_overload':
      return 'no such overload';
    case 'field_type_mismatch':
    case 'variable_type_mismatch':
    case 'list_item_type_mismatch':
      return describeMismatch(error.summary);
    case 'optional_value_missing':
      return 'optional.none() dereference';
    default:
      return error.summary;
  }
}

/** A value of another type than its schema's, which only unchanged old values can be. */
function describeMismatch(summary: string): string {
  const match = /is not of type '([^']*)', got '([^']*)'/.exec(summary);
  const [, wanted = '', got = ''] = match ?? [];
  if (wanted.startsWith('list')) return 'invalid data, expected an array for the provided schema with type=array';
  if (wanted.startsWith('map') || wanted.startsWith('object'))
    return 'invalid data, expected a map for the provided schema with type=object';
  const kinds: Readonly<Record<string, string>> = { double: 'int64', int: 'int64', list: '[]interface {}', map: 'map[string]interface {}' };
  return `invalid data, expected ${wanted === 'double' ? 'float' : wanted}, got ${kinds[got.split('<')[0] ?? ''] ?? got}`;
}
