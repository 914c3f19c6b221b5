/** What cel-js says of an expression it refuses, in cel-go's words and with cel-go's place. */
import { ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import type { Environment } from '@marcbachmann/cel-js';
import { identifiers } from './tokens.ts';

/** A refusal: the sentence, and where in the source it is marked. */
export interface Complaint {
  readonly message: string;
  readonly offset: number;
}

const AT_END =
  "mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/** `ERROR: <input>:1:5: ...` with the line and a mark under the place. */
export function locate(source: string, { offset, message }: Complaint): string {
  const before = source.slice(0, offset).split('\n');
  const column = before.at(-1)?.length ?? 0;
  const line = source.split('\n')[before.length - 1] ?? '';
  return `ERROR: <input>:${String(before.length)}:${String(column + 1)}: ${message}\n | ${line}\n | ${'.'.repeat(column)}^`;
}

/** Translates an error of cel-js' parser or checker. */
export function describeRefusal(env: Environment, source: string, error: unknown): Complaint {
  if (error instanceof ParseError) {
    const atEnd = error.summary === 'Unexpected token: EOF';
    return { message: `Syntax error: ${atEnd ? AT_END : error.summary}`, offset: error.range?.start ?? 0 };
  }
  if (!(error instanceof CelTypeError)) return { message: error instanceof Error ? error.message : 'unknown error', offset: 0 };
  const node = nodeOf(error);
  const start = error.range?.start ?? 0;
  // cel-go marks operators, where cel-js marks what they begin with.
  const operatorAt = (operator: string): number => Math.max(start, source.indexOf(operator, node.args[0]?.end ?? start));
  switch (error.code) {
    case 'no_such_key':
      return { message: `undefined field '${error.summary.replace('No such key: ', '')}'`, offset: Math.max(0, start - 1) };
    case 'unknown_variable':
      return { message: `undeclared reference to '${error.summary.replace('Unknown variable: ', '')}' (in container '')`, offset: start };
    case 'no_such_overload': {
      const unary = /^no such overload: ([!-])(\S+)$/.exec(error.summary);
      if (unary !== null) return { message: overload(`${unary[1] ?? ''}_`, [unary[2] ?? '']), offset: start };
      const binary = /^no such overload: (.*) (!=|==|in|[-+*/%]|[<>]=?) (.*)$/.exec(error.summary);
      const [, left = '', operator = '', right = ''] = binary ?? [];
      return { message: overload(operator === 'in' ? '@in' : `_${operator}_`, [left, right]), offset: operatorAt(operator) };
    }
    case 'no_matching_overload':
      return describeCall(env, source, error.summary, start, node);
    case 'incompatible_ternary_branches': {
      const [, left = '', right = ''] = /got '(.*)' and '(.*)'$/.exec(error.summary) ?? [];
      return { message: overload('_?_:_', ['bool', left, right]), offset: operatorAt('?') };
    }
    case 'invalid_index_type': {
      const [, index = ''] = /got '(.*)'$/.exec(error.summary) ?? [];
      return { message: overload('_[_]', [node.args[0]?.checkedType?.name ?? 'list', index]), offset: operatorAt('[') };
    }
    case 'cannot_index_type': {
      const [, type = ''] = /Cannot index type '(.*)'$/.exec(error.summary) ?? [];
      return { message: `type '${goType(type)}' does not support field selection`, offset: Math.max(0, start - 1) };
    }
    default:
      return {
        message: error.summary.replace(/^.*, (expected type )/, '$1').replace(/'([^']*)'/g, (_, type: string) => `'${goType(type)}'`),
        offset: start,
      };
  }
}

function describeCall(env: Environment, source: string, summary: string, start: number, node: CheckedNode): Complaint {
  const [, receiver, name = '', args = ''] = /^found no matching overload for '(?:([^(]*)\.)?(\w+)\((.*)\)'$/.exec(summary) ?? [];
  const call = identifiers(source).find((identifier) => identifier.start >= start && identifier.called && identifier.name === name);
  const offset = call === undefined ? start : source.indexOf('(', call.start + name.length);
  if (!env.getDefinitions().functions.some((known) => known.name === name)) {
    return { message: `undeclared reference to '${name}' (in container '')`, offset };
  }
  const types = args === '' ? [] : args.split(/, (?![^<]*>)/);
  if (receiver === undefined) return { message: overload(name, types), offset };
  const type = goType(node.args[1]?.checkedType?.name ?? receiver);
  return { message: `found no matching overload for '${name}' applied to '${type}.(${types.map(goType).join(', ')})'`, offset };
}

function overload(name: string, types: readonly string[]): string {
  return `found no matching overload for '${name}' applied to '(${types.map(goType).join(', ')})'`;
}

/** cel-js' type names as cel-go writes them. */
function goType(name: string): string {
  return name
    .replace(/\bobject\d+\b/g, 'object')
    .replace('google.protobuf.Timestamp', 'timestamp')
    .replace('google.protobuf.Duration', 'duration')
    .replace(/\b(?:Quantity|URL|IP|CIDR)\b/g, (type) => `${type === 'IP' || type === 'CIDR' ? 'net' : 'kubernetes'}.${type}`)
    .replaceAll('<', '(')
    .replaceAll('>', ')');
}

/** The parts of an AST node that tell where its operands end and what they are. */
interface CheckedNode {
  readonly args: readonly ({ readonly end?: number; readonly checkedType?: { readonly name: string } } | undefined)[];
}

function nodeOf(error: CelTypeError): CheckedNode {
  const node: unknown = error.node;
  const args: unknown = typeof node === 'object' && node !== null && 'args' in node ? node.args : undefined;
  return { args: Array.isArray(args) ? (args as CheckedNode['args']) : [] };
}
