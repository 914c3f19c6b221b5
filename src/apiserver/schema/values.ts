/**
 * Value validation against a schema: types, limits, patterns, formats, enumerations and junctors, in the order and
 * with the sentences of kube-openapi's validator, which clients and their tests know by heart.
 */
import type { FieldError } from '../field-error.ts';
import { isJsonObject } from '../object.ts';
import type { Json, JsonObject } from '../object.ts';
import type { Correlation } from './correlation.ts';
import { jsonEqual } from './equality.ts';
import { goQuote } from './go-format.ts';
import { checkNumber, isFloatInteger, isInt64 } from './numbers.ts';
import type { ValueNode } from './value-node.ts';
import { ValueResult, forbiddenProperty, missing, notInEnum, overfull, overlong, sentence, unplaced, wrongType } from './value-result.ts';

/**
 * Everything `node` refuses in `value`; `path` is '' for a whole object. With `correlation` (an update) a node that
 * did not change is forgiven with all below it; not so inside allOf and its kin.
 */
export function validateValue(node: ValueNode, value: Json, path = '', correlation?: Correlation): FieldError[] {
  return validateChild(node, value, path, correlation).findings.map(({ error }) => error);
}

function validateChild(node: ValueNode, value: Json, path: string, correlation: Correlation | undefined): ValueResult {
  const result = validate(node, value, path, correlation);
  return !result.valid && correlation?.unchanged() === true ? new ValueResult() : result;
}

function validate(node: ValueNode, value: Json, path: string, correlation: Correlation | undefined): ValueResult {
  const result = new ValueResult();
  if (value === null) {
    if (node.types.length > 0 && node.schema.nullable !== true) result.add(wrongType(path, node.typeNames, 'null'));
    else result.matches++;
    checkEnum(node, value, path, result);
    return result;
  }
  if (node.types.length > 0 || node.format !== '') {
    if (checkType(node, value, path, result)) result.matches++;
    result.matches++;
  }
  checkJunctors(node, value, path, result);
  result.matches++;
  if (typeof value === 'string') {
    checkString(node, value, path, result);
    result.matches++;
    if (node.formatCheck !== undefined) {
      if (!node.formatCheck(value)) result.add(wrongType(path, node.format, value));
      result.matches++;
    }
  } else if (typeof value === 'number') {
    checkNumber(node, value, path, result);
    result.matches += 2;
  } else if (Array.isArray(value)) {
    checkList(node, value, path, correlation, result);
    result.matches += 2;
  }
  checkEnum(node, value, path, result);
  result.matches++;
  if (isJsonObject(value)) {
    checkObject(node, value, path, correlation, result);
    result.matches++;
  }
  result.matches++;
  return result;
}

/** The schema type of a value, and the format Go's kind of it implies. */
function typeOf(value: Json): readonly [type: string, format: string] {
  if (typeof value === 'boolean') return ['boolean', ''];
  if (typeof value === 'string') return ['string', ''];
  if (typeof value === 'number') return isInt64(value) ? ['integer', 'int64'] : ['number', 'float64'];
  return [Array.isArray(value) ? 'array' : 'object', ''];
}

function checkType(node: ValueNode, value: Json, path: string, result: ValueResult): boolean {
  const [type, format] = typeOf(value);
  const { types } = node;
  const fits =
    types.includes(type) ||
    (type === 'number' && isFloatInteger(value as number) && types.includes('integer')) ||
    (type === 'integer' && types.includes('number'));
  const textual = typeof value === 'string' || Array.isArray(value);
  if (!textual && node.format !== '' && !fits && format !== node.format) {
    result.add(wrongType(path, node.format, format));
    return false;
  }
  // Of a text with a format only the format is looked at, and a list slips through with it.
  if (textual && node.format !== '' && !types.includes('number') && !types.includes('integer')) return true;
  if (fits) return true;
  result.add(wrongType(path, node.typeNames, type));
  return false;
}

function checkJunctors(node: ValueNode, value: Json, path: string, result: ValueResult): void {
  if (node.anyOf.length > 0) checkAnyOf(node.anyOf, value, path, result);
  if (node.oneOf.length > 0) checkOneOf(node.oneOf, value, path, result);
  if (node.allOf.length > 0) {
    let validated = 0;
    for (const branch of node.allOf) {
      const outcome = validate(branch, value, path, undefined);
      if (outcome.valid) validated++;
      result.merge(outcome);
    }
    if (validated !== node.allOf.length) {
      result.add(unplaced(`${goQuote(path)} must validate all the schemas (allOf)${validated === 0 ? '. None validated' : ''}`));
    }
  }
  if (node.not !== undefined && validate(node.not, value, path, undefined).valid) {
    result.add(unplaced(`${goQuote(path)} must not validate the schema (not)`));
  }
  result.matches++;
}

function checkAnyOf(branches: readonly ValueNode[], value: Json, path: string, result: ValueResult): void {
  let best: ValueResult | undefined;
  for (const branch of branches) {
    const outcome = validate(branch, value, path, undefined);
    if (outcome.valid) {
      result.merge(outcome);
      return;
    }
    if (best === undefined || outcome.matches > best.matches) best = outcome;
  }
  result.add(unplaced(`${goQuote(path)} must validate at least one schema (anyOf)`));
  if (best !== undefined) result.merge(best);
}

function checkOneOf(branches: readonly ValueNode[], value: Json, path: string, result: ValueResult): void {
  let best: ValueResult | undefined;
  let first: ValueResult | undefined;
  let validated = 0;
  for (const branch of branches) {
    const outcome = validate(branch, value, path, undefined);
    if (outcome.valid) {
      validated++;
      best = undefined;
      first ??= outcome;
    } else if (validated === 0 && (best === undefined || outcome.matches > best.matches)) {
      best = outcome;
    }
  }
  if (validated === 1 && first !== undefined) {
    result.merge(first);
    return;
  }
  const found = validated === 0 ? 'Found none valid' : `Found ${String(validated)} valid alternatives`;
  result.add(unplaced(`${goQuote(path)} must validate one and only one schema (oneOf). ${found}`));
  if (best !== undefined) result.merge(best);
}

/** Stops at the first refusal, as the server does. */
function checkString(node: ValueNode, value: string, path: string, result: ValueResult): void {
  const { maxLength, minLength, pattern } = node.schema;
  if (maxLength !== undefined && value.length > maxLength && countRunes(value) > maxLength) {
    result.add(overlong(path, maxLength));
  } else if (minLength !== undefined && countRunes(value) < minLength) {
    result.add(sentence(path, value, `should be at least ${String(minLength)} chars long`));
  } else if (node.pattern !== undefined) {
    if (!(node.pattern instanceof RegExp)) {
      result.add(sentence(path, value, `should match '${pattern ?? ''}, but pattern is invalid: ${node.pattern.problem}'`));
    } else if (!node.pattern.test(value)) {
      result.add(sentence(path, value, `should match '${pattern ?? ''}'`));
    }
  }
}

function countRunes(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function checkList(node: ValueNode, value: readonly Json[], path: string, correlation: Correlation | undefined, result: ValueResult): void {
  if (node.items !== undefined) {
    for (const [i, item] of value.entries()) {
      result.merge(validateChild(node.items, item, `${path}[${String(i)}]`, correlation?.index(i)));
    }
  }
  const { minItems, maxItems, uniqueItems } = node.schema;
  if (minItems !== undefined && value.length < minItems) {
    result.add(sentence(path, value.length, `should have at least ${String(minItems)} items`));
  }
  if (maxItems !== undefined && value.length > maxItems) result.add(overfull(path, 'items', value.length, maxItems));
  if (uniqueItems === true && value.some((item, i) => value.slice(0, i).some((earlier) => jsonEqual(earlier, item)))) {
    result.add(sentence(path, '', "shouldn't contain duplicates"));
  }
}

function checkEnum(node: ValueNode, value: Json, path: string, result: ValueResult): void {
  const allowed = node.schema.enum ?? [];
  // A null in the enumeration allows nothing.
  if (allowed.length > 0 && !allowed.some((candidate) => isEnumValue(candidate, value))) {
    result.add(notInEnum(path, value, node.enumTexts));
  }
}

/** Go converts the value to the kind of the allowed one, and so cuts fractions off where that is whole. */
function isEnumValue(allowed: Json, value: Json): boolean {
  if (typeof allowed === 'number' && typeof value === 'number' && isInt64(allowed)) return Math.trunc(value) === allowed;
  return allowed !== null && jsonEqual(allowed, value);
}

function checkObject(node: ValueNode, value: JsonObject, path: string, correlation: Correlation | undefined, result: ValueResult): void {
  const { minProperties, maxProperties, required } = node.schema;
  const keys = Object.keys(value);
  if (minProperties !== undefined && keys.length < minProperties) {
    result.add(sentence(path, keys.length, `should have at least ${String(minProperties)} properties`));
  }
  if (maxProperties !== undefined && keys.length > maxProperties) result.add(overfull(path, 'properties', keys.length, maxProperties));
  if (node.additional !== undefined) {
    for (const key of keys) {
      if (node.properties.has(key)) continue;
      if (node.additional === false) result.add(forbiddenProperty(path, key));
      else result.merge(validateChild(node.additional, value[key] ?? null, `${path}.${key}`, correlation?.key(key)));
    }
  }
  for (const key of keys) {
    const property = node.properties.get(key);
    if (property === undefined) continue;
    // A change of apiVersion or kind cannot be seen here (both are of the version asked for), so none is forgiven.
    const child = path === '' && (key === 'apiVersion' || key === 'kind') ? undefined : correlation?.key(key);
    result.merge(validateChild(property, value[key] ?? null, path === '' ? key : `${path}.${key}`, child));
  }
  for (const key of required ?? []) {
    if (!Object.hasOwn(value, key)) result.add(missing(`${path}.${key}`));
  }
}
