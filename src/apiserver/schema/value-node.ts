/** A schema node prepared for value validation: patterns compiled, formats looked up, children in lists. */
import type { Json } from '../object.ts';
import { isKnownFormat, stringFormat } from './formats.ts';
import { GoRegExpError, compileGoRegExp } from './go-regexp.ts';
import { valueSchema } from './structural.ts';
import type { StructuralSchema } from './structural.ts';

export interface ValueNode {
  readonly schema: StructuralSchema;
  /** The JSON schema types a value may have; none means any. */
  readonly types: readonly string[];
  readonly typeNames: string;
  /** The format, if it is one that is checked on this type. */
  readonly format: string;
  readonly formatCheck: ((text: string) => boolean) | undefined;
  /** The pattern; or, for one Go cannot compile, what it says. */
  readonly pattern: RegExp | { readonly problem: string } | undefined;
  readonly items: ValueNode | undefined;
  readonly properties: ReadonlyMap<string, ValueNode>;
  /** Of a map's values; false where unlisted keys are forbidden. */
  readonly additional: ValueNode | false | undefined;
  readonly allOf: readonly ValueNode[];
  readonly oneOf: readonly ValueNode[];
  readonly anyOf: readonly ValueNode[];
  readonly not: ValueNode | undefined;
  /** How the allowed values are listed in a refusal. */
  readonly enumTexts: readonly string[];
}

/**
 * Prepares a schema; work done once per CRD. For defaults int-or-string stands for any type, as the server has it.
 */
export function prepareValueNode(schema: StructuralSchema, ofDefaults = false): ValueNode {
  const prepare = (child: StructuralSchema): ValueNode => prepareValueNode(child, ofDefaults);
  const types =
    schema['x-kubernetes-int-or-string'] === true && !ofDefaults ? ['integer', 'string'] : schema.type === undefined ? [] : [schema.type];
  // A format that is not of this type is as good as none; int-or-string has two types and so counts as a text here.
  const formatType = types.length === 1 ? types[0] : undefined;
  const format = schema.format !== undefined && isKnownFormat(formatType, schema.format) ? schema.format : '';
  const additional = valueSchema(schema);
  return {
    schema,
    types,
    typeNames: types.join(','),
    format,
    formatCheck: format === '' ? undefined : stringFormat(format),
    pattern: schema.pattern === undefined ? undefined : preparePattern(schema.pattern),
    items: schema.items === undefined ? undefined : prepare(schema.items),
    properties: new Map(Object.entries(schema.properties ?? {}).map(([key, property]) => [key, prepare(property)])),
    additional: schema.additionalProperties === false ? false : additional === undefined ? undefined : prepare(additional),
    allOf: (schema.allOf ?? []).map(prepare),
    oneOf: (schema.oneOf ?? []).map(prepare),
    anyOf: (schema.anyOf ?? []).map(prepare),
    not: schema.not === undefined ? undefined : prepare(schema.not),
    enumTexts: (schema.enum ?? []).map((value: Json) => (typeof value === 'string' ? value : JSON.stringify(value))),
  };
}

function preparePattern(pattern: string): ValueNode['pattern'] {
  try {
    return compileGoRegExp(pattern);
  } catch (error) {
    if (error instanceof GoRegExpError) return { problem: error.message };
    throw error;
  }
}
