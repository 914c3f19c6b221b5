/** x-kubernetes-validations at the creation of a CRD: their texts are checked, and they must compile. */
import { internalError, invalid, notSupported, required } from '../../field-error.ts';
import type { FieldError } from '../../field-error.ts';
import { isJsonObject } from '../../object.ts';
import type { Json, JsonObject } from '../../object.ts';
import { compileNodeRules, declareNode, typeOfElement, typeOfField } from '../cel/compile-rules.ts';
import type { Typed } from '../cel/compile-rules.ts';
import { escapeProperty } from '../cel/escape.ts';
import { resolveFieldPath } from '../cel/field-path.ts';
import { childPath, indexPath } from '../path.ts';
import { readStructural } from '../structural.ts';
import { ruleStruct } from './go-struct.ts';
import { listOf, textOf } from './read.ts';

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/** The type of a node as its parent knows it; none above the topmost node with rules. */
export interface RuleScope {
  readonly typed: Typed | undefined;
}

/** The scope of a whole schema. */
export function rootScope(json: JsonObject): RuleScope {
  return withType(undefined, json, true);
}

export function enterProperty(scope: RuleScope, json: JsonObject, key: string): RuleScope {
  return withType(typeOfField(scope.typed, escapeProperty(key) ?? ''), json, isEmbedded(json));
}

/** The scope of a list's elements or a map's values. */
export function enterElement(scope: RuleScope, json: JsonObject): RuleScope {
  return withType(typeOfElement(scope.typed), json, isEmbedded(json));
}

function isEmbedded(json: JsonObject): boolean {
  return json['x-kubernetes-embedded-resource'] === true;
}

function withType(inherited: Typed | undefined, json: JsonObject, isResourceRoot: boolean): RuleScope {
  const hasRules = listOf(json, 'x-kubernetes-validations').length > 0;
  const typed = inherited ?? (hasRules ? declareNode(readStructural(json), isResourceRoot) : undefined);
  return { typed };
}

/** What is wrong with the texts of a node's rules, whatever they mean. */
export function checkRuleTexts(json: JsonObject, path: string): FieldError[] {
  return listOf(json, 'x-kubernetes-validations').flatMap((rule, i) =>
    checkRuleText(rule, json, indexPath(childPath(path, 'x-kubernetes-validations'), i)),
  );
}

function checkRuleText(rule: Json, json: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const at = (field: string): string => childPath(path, field);
  const [text, message, expression] = [textOf(rule, 'rule').trim(), textOf(rule, 'message'), textOf(rule, 'messageExpression')];
  if (text === '') errors.push(required(at('rule'), 'rule is not specified'));
  else if (message !== '' && message.trim() === '') errors.push(invalid(at('message'), message, 'must be non-empty if specified'));
  else if (/[\n\r]/.test(message.trim())) errors.push(invalid(at('message'), message, 'must not contain line breaks'));
  else if (/[\n\r]/.test(text) && message === '') {
    errors.push(required(at('message'), 'message must be specified if rule contains line breaks'));
  }
  if (expression !== '' && expression.trim() === '') {
    errors.push(required(at('messageExpression'), 'messageExpression must be non-empty if specified'));
  }
  const reason = isJsonObject(rule) ? rule['reason'] : undefined;
  if (typeof reason === 'string' && !REASONS.includes(reason)) errors.push(notSupported(at('reason'), reason, REASONS));
  const fieldPath = textOf(rule, 'fieldPath');
  if (fieldPath !== '') {
    if (fieldPath.trim() === '') errors.push(invalid(at('fieldPath'), fieldPath, 'must be non-empty if specified'));
    if (/[\n\r]/.test(fieldPath)) errors.push(invalid(at('fieldPath'), fieldPath, 'must not contain line breaks'));
    if ('problem' in resolveFieldPath(fieldPath, readStructural(json)))
      errors.push(invalid(at('fieldPath'), fieldPath, 'must be a valid path'));
  }
  return errors;
}

/** Compiles a node's rules; `uncorrelatable` is the list, if any, whose elements have no oldSelf. */
export function compileNode(json: JsonObject, path: string, scope: RuleScope, uncorrelatable: string | undefined): FieldError[] {
  const rules = listOf(json, 'x-kubernetes-validations');
  if (rules.length === 0) return [];
  const where = childPath(path, 'x-kubernetes-validations');
  if (scope.typed === undefined) {
    const cause = 'unable to convert structural schema to CEL declarations';
    return [internalError(where, `internal error: failed to construct type information for x-kubernetes-validations rules: ${cause}`)];
  }
  const errors: FieldError[] = [];
  for (const [i, compiled] of compileNodeRules(readStructural(json), scope.typed).entries()) {
    const at = (field: string): string => childPath(indexPath(where, i), field);
    const struct = ruleStruct(rules[i] ?? null);
    if (compiled.error !== undefined) errors.push(invalid(at('rule'), struct, compiled.error));
    if (compiled.messageError !== undefined) errors.push(invalid(at('messageExpression'), struct, compiled.messageError));
    if (compiled.usesOldSelf && compiled.error === undefined) {
      if (uncorrelatable !== undefined) {
        const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
        errors.push(invalid(at('rule'), compiled.source.rule, detail));
      }
    } else if (compiled.source.optionalOldSelf !== undefined) {
      errors.push(invalid(at('optionalOldSelf'), compiled.source.optionalOldSelf, 'may not be set if oldSelf is not used in rule'));
    }
  }
  return errors;
}
