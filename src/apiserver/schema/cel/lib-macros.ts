/**
 * Macros cel-js lacks: optMap and optFlatMap, and comprehensions of two variables (index and element, or key and value).
 * They lean on the hooks cel-js calls for custom macros: `typeCheck` once, `evaluate` on each run.
 */
import { Optional } from '@marcbachmann/cel-js';
import type { ASTNode, Environment } from '@marcbachmann/cel-js';

/** A type as cel-js' checker knows it. */
interface CelType {
  readonly kind: string;
  readonly keyType?: CelType;
  readonly valueType?: CelType;
}

/** Where the variables of an expression are looked up. */
interface Scope {
  forkWithVariable(name: string, type: CelType): Scope;
  reuse(parent: Scope): Scope;
  setIterValue(value: unknown, evaluator: Evaluator): Scope;
}

interface Checker {
  check(node: ASTNode, scope: Scope): CelType;
  getType(name: string): CelType;
  readonly registry: {
    getOptionalType(type: CelType): CelType;
    getListType(type: CelType): CelType;
    getMapType(key: CelType, value: CelType): CelType;
  };
}

interface Evaluator {
  run(node: ASTNode, scope: Scope): unknown;
}

interface Call {
  readonly args: readonly ASTNode[];
  readonly receiver: ASTNode;
}

/** Registers the macros. */
export function registerMacros(env: Environment): void {
  const macro = (signature: string, expand: (call: Call) => object): void => {
    env.registerFunction(signature, expand as never);
  };
  macro('optional.optMap(ast, ast): optional<dyn>', (call) => optionalMacro(call, false));
  macro('optional.optFlatMap(ast, ast): optional<dyn>', (call) => optionalMacro(call, true));
  for (const receiver of ['list', 'map']) {
    macro(`${receiver}.all(ast, ast, ast): bool`, (call) => quantifier(call, (found) => found.every(Boolean)));
    macro(`${receiver}.exists(ast, ast, ast): bool`, (call) => quantifier(call, (found) => found.some(Boolean)));
    macro(`${receiver}.existsOne(ast, ast, ast): bool`, (call) => quantifier(call, (found) => found.filter(Boolean).length === 1));
    macro(`${receiver}.transformList(ast, ast, ast): list<dyn>`, (call) => transform(call, 'list'));
    macro(`${receiver}.transformMap(ast, ast, ast): map<dyn, dyn>`, (call) => transform(call, 'map'));
  }
}

function variableName(node: ASTNode | undefined): string {
  if (node?.op !== 'id') throw new Error('argument must be a simple name');
  return node.args;
}

function need(node: ASTNode | undefined): ASTNode {
  if (node === undefined) throw new Error('argument is missing');
  return node;
}

function optionalMacro({ args, receiver }: Call, flat: boolean): object {
  const name = variableName(args[0]);
  const body = need(args[1]);
  let inner: Scope | undefined;
  return {
    typeCheck(checker: Checker, _macro: unknown, scope: Scope): CelType {
      const type = checker.check(receiver, scope);
      inner = scope.forkWithVariable(name, type.valueType ?? checker.getType('dyn'));
      const result = checker.check(body, inner);
      return flat ? result : checker.registry.getOptionalType(result);
    },
    evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope): unknown {
      const optional = evaluator.run(receiver, scope);
      if (!(optional instanceof Optional) || !optional.hasValue()) return Optional.none();
      const result = evaluator.run(body, bound(inner).reuse(scope).setIterValue(optional.value(), evaluator));
      return flat ? result : Optional.of(result);
    },
  };
}

/** The pieces of a comprehension over two variables: their scopes, and the entries to go through. */
function comprehension({ args, receiver }: Call): {
  enter(checker: Checker, scope: Scope): { scope: Scope; key: CelType };
  each(evaluator: Evaluator, scope: Scope, body: ASTNode): [key: unknown, result: unknown][];
} {
  const [first, second] = [variableName(args[0]), variableName(args[1])];
  let outer: Scope | undefined;
  let inner: Scope | undefined;
  return {
    enter(checker, scope) {
      const type = checker.check(receiver, scope);
      const dyn = checker.getType('dyn');
      const key = type.kind === 'list' ? checker.getType('int') : (type.keyType ?? dyn);
      outer = scope.forkWithVariable(first, key);
      inner = outer.forkWithVariable(second, type.valueType ?? dyn);
      return { scope: inner, key };
    },
    each(evaluator, scope, body) {
      const range = evaluator.run(receiver, scope);
      const entries: [unknown, unknown][] = Array.isArray(range)
        ? range.map((item, i) => [BigInt(i), item])
        : range instanceof Map
          ? [...(range as Map<unknown, unknown>)]
          : Object.entries(range as object);
      return entries.map(([key, value]) => {
        const withKey = bound(outer).reuse(scope).setIterValue(key, evaluator);
        return [key, evaluator.run(body, bound(inner).reuse(withKey).setIterValue(value, evaluator))];
      });
    },
  };
}

function quantifier(call: Call, decide: (found: readonly unknown[]) => boolean): object {
  const body = need(call.args[2]);
  const parts = comprehension(call);
  return {
    typeCheck(checker: Checker, _macro: unknown, scope: Scope): CelType {
      checker.check(body, parts.enter(checker, scope).scope);
      return checker.getType('bool');
    },
    evaluate: (evaluator: Evaluator, _macro: unknown, scope: Scope): unknown =>
      decide(parts.each(evaluator, scope, body).map(([, result]) => result)),
  };
}

function transform(call: Call, into: 'list' | 'map'): object {
  const body = need(call.args[2]);
  const parts = comprehension(call);
  return {
    typeCheck(checker: Checker, _macro: unknown, scope: Scope): CelType {
      const entered = parts.enter(checker, scope);
      const result = checker.check(body, entered.scope);
      return into === 'list' ? checker.registry.getListType(result) : checker.registry.getMapType(entered.key, result);
    },
    evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope): unknown {
      const results = parts.each(evaluator, scope, body);
      return into === 'list' ? results.map(([, result]) => result) : new Map(results);
    },
  };
}

function bound(scope: Scope | undefined): Scope {
  if (scope === undefined) throw new Error('the macro was not checked before it ran');
  return scope;
}
