/**
 * The CEL rules of a schema run on its objects. Rules see the value where they stand (`self`) and, on updates,
 * what it was (`oldSelf`): found by field name, by key in a list of type map, and nowhere in other lists, whose
 * transition rules do not run. A rule that holds against a value the update left alone is forgiven.
 */
import { Optional } from '@marcbachmann/cel-js';
import { duplicate, forbidden, invalid, required } from '../../field-error.ts';
import type { FieldError } from '../../field-error.ts';
import { isJsonObject } from '../../object.ts';
import type { Json, KubeObject } from '../../object.ts';
import type { Correlation } from '../correlation.ts';
import { indexMapList } from '../map-list.ts';
import { ROOT_PATH, childPath, indexPath, keyPath } from '../path.ts';
import { propertySchema, valueSchema } from '../structural.ts';
import type { StructuralSchema, ValidationRule } from '../structural.ts';
import { compileNodeRules, declareNode, typeOfElement, typeOfField } from './compile-rules.ts';
import type { CompiledRule, Typed } from './compile-rules.ts';
import type { Declared } from './declare.ts';
import { escapeProperty } from './escape.ts';
import { EvaluationFailure } from './program.ts';

export interface CompiledRules {
  validate(object: KubeObject, old: KubeObject | undefined, correlation: Correlation | undefined): FieldError[];
}

/** A schema node with rules at it or below it. */
interface RuleNode {
  readonly schema: StructuralSchema;
  readonly declared: Declared | undefined;
  readonly rules: readonly CompiledRule[];
  readonly items: RuleNode | undefined;
  readonly additional: RuleNode | undefined;
  readonly properties: ReadonlyMap<string, RuleNode>;
}

const MAX_MESSAGE_BYTES = 5 * 1024;

/** The rules of a whole resource's schema; undefined if it has none. */
export function compileRules(schema: StructuralSchema): CompiledRules | undefined {
  const root = compileRuleTree(schema, true);
  if (root === undefined) return undefined;
  return {
    validate(object, old, correlation) {
      const errors: FieldError[] = [];
      run(root, object, old, ROOT_PATH, { current: correlation, parent: undefined, ratchets: correlation !== undefined }, errors);
      return errors;
    },
  };
}

/** Runs the rules of `schema` on a value of its own, as a default is one; `old` is undefined where there is none. */
export function validateRules(
  schema: StructuralSchema,
  isResourceRoot: boolean,
  value: Json,
  old: Json | undefined,
  path: string,
): FieldError[] {
  const root = compileRuleTree(schema, isResourceRoot);
  const errors: FieldError[] = [];
  if (root !== undefined) run(root, value, old, path, { current: undefined, parent: undefined, ratchets: false }, errors);
  return errors;
}

function compileRuleTree(schema: StructuralSchema, isResourceRoot: boolean): RuleNode | undefined {
  if (!hasRules(schema)) return undefined;
  return compileNode(schema, isResourceRoot, undefined);
}

/** Whether there are rules at a node or below it. */
function hasRules(schema: StructuralSchema | undefined): boolean {
  if (schema === undefined) return false;
  if (schema['x-kubernetes-validations'] !== undefined) return true;
  return hasRules(schema.items) || hasRules(valueSchema(schema)) || Object.values(schema.properties ?? {}).some(hasRules);
}

function compileNode(schema: StructuralSchema, isResourceRoot: boolean, inherited: Typed | undefined): RuleNode | undefined {
  if (!hasRules(schema)) return undefined;
  const rules = schema['x-kubernetes-validations'];
  // Types are declared from the topmost node with rules on, and handed down from there.
  const typed = inherited ?? (rules === undefined ? undefined : declareNode(schema, isResourceRoot));
  const below = (child: StructuralSchema | undefined, type: Typed | undefined): RuleNode | undefined =>
    child === undefined ? undefined : compileNode(child, child['x-kubernetes-embedded-resource'] === true, type);
  const properties = new Map<string, RuleNode>();
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const node = below(property, typeOfField(typed, escapeProperty(key) ?? ''));
    if (node !== undefined) properties.set(key, node);
  }
  return {
    schema,
    declared: typed?.declared,
    rules: rules === undefined || typed === undefined ? [] : compileNodeRules(schema, typed),
    items: below(schema.items, typeOfElement(typed)),
    additional: below(valueSchema(schema), typeOfElement(typed)),
    properties,
  };
}

/** Where a value stands beside its old self; `parent` is the nearest correlated one above an uncorrelated value. */
interface Standing {
  readonly current: Correlation | undefined;
  readonly parent: Correlation | undefined;
  readonly ratchets: boolean;
}

function standingBelow(standing: Standing, child: Correlation | undefined): Standing {
  if (standing.current === undefined) return standing;
  return { current: child, parent: standing.current, ratchets: true };
}

function unchanged({ current, parent, ratchets }: Standing): boolean {
  return ratchets && ((current ?? parent)?.unchanged() ?? false);
}

function run(node: RuleNode, value: Json, old: Json | undefined, path: string, standing: Standing, errors: FieldError[]): void {
  if (value === null) return;
  if (node.rules.length > 0 && node.declared !== undefined) runRules(node, node.declared, value, old, path, standing, errors);
  if (Array.isArray(value)) {
    if (node.items === undefined) return;
    const find = indexMapList(node.schema, Array.isArray(old) ? old : []);
    for (const [i, item] of value.entries()) {
      run(node.items, item, find(item), indexPath(path, i), standingBelow(standing, standing.current?.index(i)), errors);
    }
  } else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) {
      const property = node.properties.get(key);
      const child = property ?? (propertySchema(node.schema, key) === undefined ? node.additional : undefined);
      if (child === undefined) continue;
      const before = isJsonObject(old) && Object.hasOwn(old, key) ? old[key] : undefined;
      // apiVersion and kind of the whole cannot be compared: both objects were read as the version asked for.
      const typeMeta = standing.parent === undefined && (key === 'apiVersion' || key === 'kind');
      const below = typeMeta
        ? { current: undefined, parent: undefined, ratchets: false }
        : standingBelow(standing, standing.current?.key(key));
      run(child, value[key] ?? null, before, property === undefined ? keyPath(path, key) : childPath(path, key), below, errors);
    }
  }
}

function runRules(
  node: RuleNode,
  declared: Declared,
  value: Json,
  old: Json | undefined,
  path: string,
  standing: Standing,
  errors: FieldError[],
): void {
  const type = node.schema.type ?? '';
  const hasOld = old !== undefined && old !== null;
  const self = converted(declared, value);
  const oldSelf = hasOld ? converted(declared, old) : undefined;
  for (const rule of node.rules) {
    if (rule.error !== undefined) {
      errors.push(invalid(path, type, `rule compile error: ${rule.error}`));
      continue;
    }
    const optional = rule.source.optionalOldSelf === true;
    if (rule.program === undefined || (rule.usesOldSelf && !hasOld && !optional)) continue;
    const variables: Record<string, unknown> = {};
    try {
      variables['self'] = self();
      if (optional) variables['oldSelf'] = oldSelf === undefined ? Optional.none() : Optional.of(oldSelf());
      else if (oldSelf !== undefined && rule.usesOldSelf) variables['oldSelf'] = oldSelf();
      if (rule.program.run(variables) === true) continue;
    } catch (error) {
      if (!(error instanceof EvaluationFailure)) throw error;
      const subject = rule.source.message?.trim() ?? rule.source.rule.trim();
      errors.push(
        invalid(
          path,
          type,
          error.message.startsWith('no such overload')
            ? `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${subject}`
            : `${error.message} evaluating rule: ${subject}`,
        ),
      );
      continue;
    }
    if (!rule.usesOldSelf && unchanged(standing)) continue;
    const at = rule.fieldPath === '' ? path : rule.fieldPath.startsWith('[') ? `${path}${rule.fieldPath}` : childPath(path, rule.fieldPath);
    errors.push(refusal(at, type, value, evaluateMessage(rule, variables), rule.source));
  }
}

/** Converts a value when it is first asked for; what cannot be converted fails the rules that ask. */
function converted(declared: Declared, value: Json): () => unknown {
  let known: { readonly value: unknown } | undefined;
  return () => {
    try {
      known ??= { value: declared.convert(value) };
    } catch (cause) {
      throw new EvaluationFailure(cause instanceof Error ? cause.message : 'invalid data', { cause });
    }
    return known.value;
  };
}

/** The message the rule's own expression makes; where that fails, the fixed one, or the rule itself. */
function evaluateMessage(rule: CompiledRule, variables: Readonly<Record<string, unknown>>): string {
  const fallback = rule.source.message?.trim() ?? `failed rule: ${rule.source.rule.trim()}`;
  if (rule.message === undefined) return fallback;
  try {
    const message = rule.message.run(variables);
    const text = typeof message === 'string' ? message.trim() : '';
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > MAX_MESSAGE_BYTES ? fallback : text;
  } catch (error) {
    if (error instanceof EvaluationFailure) return fallback;
    throw error;
  }
}

function refusal(path: string, type: string, value: Json, detail: string, { reason }: ValidationRule): FieldError {
  // Whole objects and lists are not shown.
  const shown = type === 'object' || type === 'array' ? {} : { badValue: value };
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(path, detail);
    case 'FieldValueRequired':
      return required(path, detail);
    case 'FieldValueDuplicate':
      return 'badValue' in shown ? duplicate(path, value) : { type: 'FieldValueDuplicate', field: path, detail: '' };
    default:
      return { type: 'FieldValueInvalid', field: path, ...shown, detail };
  }
}
