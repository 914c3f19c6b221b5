/** One CEL expression compiled: checked against its environment, ready to run, its errors in cel-go's words. */
import { EvaluationError } from '@marcbachmann/cel-js';
import type { Environment } from '@marcbachmann/cel-js';
import { describeRefusal, locate } from './describe.ts';
import type { Complaint } from './describe.ts';
import { findBadLiteral } from './literals.ts';
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
  const strict = env.check(source);
  // Arguments of format() are a list of anything; only there may literals mix types.
  const mixes = !strict.valid && strict.error?.code.startsWith('heterogeneous') === true && source.includes('.format(');
  const scope = mixes ? env.clone({ homogeneousAggregateLiterals: false }) : env;
  const result = mixes ? scope.check(source) : strict;
  if (!result.valid) throw new CompilationFailure(locate(source, describeRefusal(env, source, result.error)), { cause: result.error });
  const complaint = findUndefinedField(source, variables) ?? findBadLiteral(source);
  if (complaint !== undefined) throw new CompilationFailure(locate(source, complaint));
  const parsed = scope.parse(renameCalls(source, GO_METHODS));
  const renamed = parsed.check();
  if (!renamed.valid) throw new CompilationFailure(locate(source, describeRefusal(env, source, renamed.error)), { cause: renamed.error });
  return {
    type: result.type ?? 'dyn',
    run(values) {
      try {
        return parsed({ ...values }) as unknown;
      } catch (cause) {
        throw new EvaluationFailure(describeEvaluation(cause), { cause });
      }
    },
  };
}

/** A field that does not exist, in has() or behind `.?`, where cel-js lets it pass. Only paths from a variable are looked at. */
function findUndefinedField(source: string, variables: ReadonlyMap<string, Declared>): Complaint | undefined {
  const names = identifiers(source);
  for (const [i, root] of names.entries()) {
    let declared = root.member ? undefined : variables.get(root.name);
    let previous = root;
    for (const field of declared === undefined ? [] : names.slice(i + 1)) {
      // Anything but `.name` or `.?name` right behind the last name ends the path.
      const between = source.slice(previous.start + previous.name.length, field.start).trim();
      if (declared?.fields === undefined || field.called || (between !== '.' && between !== '.?')) break;
      declared = declared.fields.get(field.name);
      if (declared === undefined) {
        const before = names[i - 1];
        const inHas = before?.name === 'has' && before.called;
        const offset = inHas ? source.indexOf('(', before.start) : source.indexOf('.', previous.start + previous.name.length);
        return { message: `undefined field '${field.name}'`, offset };
      }
      previous = field;
    }
  }
  return undefined;
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
    case 'int_conversion_error':
    case 'uint_conversion_error':
    case 'double_conversion_error':
    case 'bool_conversion_error':
      return `type conversion error from 'string' to '${error.code.replace('_conversion_error', '')}'`;
    case 'numeric_overflow':
      return 'integer overflow';
    case 'no_such_overload':
    case 'no_matching_overload':
      return 'no such overload';
    case 'optional_value_missing':
      return 'optional.none() dereference';
    default:
      return error.summary;
  }
}
