/** The x-kubernetes-validations of one schema node, compiled. */
import type { Environment } from '@marcbachmann/cel-js';
import type { StructuralSchema, ValidationRule } from '../structural.ts';
import { declareType } from './declare.ts';
import type { DeclareContext, Declared } from './declare.ts';
import { createEnvironment } from './environment.ts';
import { resolveFieldPath } from './field-path.ts';
import { CompilationFailure, compileProgram } from './program.ts';
import type { Program } from './program.ts';
import { usesVariable } from './tokens.ts';
import { Provenance } from './value.ts';

export interface CompiledRule {
  readonly source: ValidationRule;
  /** Missing where the rule cannot be compiled or is empty. */
  readonly program?: Program;
  readonly message?: Program;
  readonly usesOldSelf: boolean;
  /** Below the node, without a leading dot; '' for the node itself. */
  readonly fieldPath: string;
  readonly error?: string;
  readonly messageError?: string;
}

/** A declared type and where it was declared. */
export interface Typed {
  readonly declared: Declared;
  readonly context: DeclareContext;
}

function createDeclareContext(): DeclareContext {
  const origin = new Provenance();
  const env = createEnvironment(origin);
  const duration = env.clone().registerVariable('text', 'string').parse('duration(text)');
  const makeDuration = (nanos: bigint): unknown => duration({ text: `${nanos < 0n ? '-' : ''}${String(nanos < 0n ? -nanos : nanos)}ns` });
  return { env: env.clone(), origin, makeDuration, operators: new Set(), objects: 0 };
}

/** Compiles the rules of a schema node of this type. */
export function compileNodeRules(schema: StructuralSchema, { declared, context }: Typed): CompiledRule[] {
  // One environment for rules whose oldSelf is there, one for those that take it as an optional.
  const environments = new Map<boolean, Environment>();
  return (schema['x-kubernetes-validations'] ?? []).map((source) => {
    const optional = source.optionalOldSelf === true;
    let env = environments.get(optional);
    if (env === undefined) {
      env = context.env
        .clone()
        .registerVariable('self', declared.name)
        .registerVariable('oldSelf', optional ? `optional<${declared.name}>` : declared.name);
      environments.set(optional, env);
    }
    return compileRule(source, schema, env, declared);
  });
}

function compileRule(source: ValidationRule, schema: StructuralSchema, env: Environment, declared: Declared): CompiledRule {
  const resolved = source.fieldPath === undefined ? undefined : resolveFieldPath(source.fieldPath, schema);
  const base = {
    source,
    usesOldSelf: usesVariable(source.rule, 'oldSelf'),
    fieldPath: resolved !== undefined && 'path' in resolved ? resolved.path : '',
  };
  if (source.rule.trim() === '') return base;
  const variables = new Map([
    ['self', declared],
    ['oldSelf', declared],
  ]);
  let program: Program;
  try {
    program = compileProgram(env, source.rule, variables);
  } catch (error) {
    if (!(error instanceof CompilationFailure)) throw error;
    return { ...base, error: `compilation failed: ${error.message}` };
  }
  if (program.type !== 'bool' && program.type !== 'dyn') return { ...base, error: 'cel expression must evaluate to a bool' };
  if (source.messageExpression === undefined) return { ...base, program };
  try {
    const message = compileProgram(env, source.messageExpression, variables);
    if (message.type === 'string' || message.type === 'dyn') return { ...base, program, message };
    return { ...base, program, messageError: 'messageExpression must evaluate to a string' };
  } catch (error) {
    if (!(error instanceof CompilationFailure)) throw error;
    return { ...base, program, messageError: `messageExpression compilation failed: ${error.message}` };
  }
}

/**
 * Declares the type of a schema node, in an environment of its own: cel-js closes one to new types once rules
 * were compiled in it. Undefined for what CEL cannot see.
 */
export function declareNode(schema: StructuralSchema, isResourceRoot: boolean): Typed | undefined {
  const context = createDeclareContext();
  const declared = declareType(schema, isResourceRoot, context);
  return declared === undefined ? undefined : { declared, context };
}

/** The type of a field, under its escaped name. */
export function typeOfField(typed: Typed | undefined, name: string): Typed | undefined {
  const declared = typed?.declared.fields?.get(name);
  return typed === undefined || declared === undefined ? undefined : { declared, context: typed.context };
}

/** The type of a list's elements or a map's values. */
export function typeOfElement(typed: Typed | undefined): Typed | undefined {
  const declared = typed?.declared.element;
  return typed === undefined || declared === undefined ? undefined : { declared, context: typed.context };
}
