/** Label selectors: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`, as k8s.io/apimachinery/pkg/labels reads them. */
import { goQuote } from '../schema/go-format.ts';
import { badRequest } from '../status.ts';
import { checkLabelValue, checkQualifiedName } from '../schema/names.ts';

type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels | undefined) => boolean;

/** Whether labels match; undefined means that everything does. */
export type LabelMatcher = ((labels: Labels | undefined) => boolean) | undefined;

// Sticky: each use sets lastIndex first.
const token = /\s*(?:(==|!=|[()!,<>=])|([^\s()!,<>=]+))/y;

/** Parses a labelSelector parameter. @throws StatusError 400 with the place that is wrong. */
export function parseLabelSelector(text: string): LabelMatcher {
  if (text.trim() === '') return undefined;
  const tokens = tokenize(text);
  const requirements: Requirement[] = [];
  let at = 0;
  const peek = (): string | undefined => tokens[at];
  const take = (): string => {
    const next = tokens[at];
    at += 1;
    return next ?? '';
  };
  const fail = (why: string): never => {
    throw badRequest(`unable to parse requirement: ${why}`);
  };
  const refuse = (why: string): never => {
    throw badRequest(why);
  };
  const values = (): string[] => {
    if (take() !== '(') fail(`found '${tokens[at - 1] ?? ''}' expected: '('`);
    const list: string[] = [];
    for (;;) {
      const next = peek();
      if (next === ')' || next === ',') list.push('');
      else list.push(take());
      const separator = take();
      if (separator === ')') return list;
      if (separator !== ',') fail(`found '${separator}', expected: ',' or ')'`);
    }
  };
  for (;;) {
    const negated = peek() === '!';
    if (negated) take();
    const key = take();
    if (key === '' || /^[()!,<>=]/.test(key)) refuse(`found '${key}', expected: !, identifier, or 'end of string'`);
    const [problem] = checkQualifiedName(key);
    if (problem !== undefined) fail(`<nil>: Invalid value: ${goQuote(key)}: ${problem}`);
    const operator = peek();
    if (negated || operator === undefined || operator === ',') {
      requirements.push((labels) => (labels !== undefined && Object.hasOwn(labels, key)) !== negated);
    } else {
      take();
      requirements.push(
        binary(
          key,
          operator,
          values,
          () => {
            const next = peek();
            if (next === undefined || next === ',') return '';
            if (/^[()!<>=]/.test(next)) fail(`found '${next}', expected: identifier`);
            return take();
          },
          fail,
        ),
      );
    }
    const separator = peek();
    if (separator === undefined) break;
    if (separator !== ',') refuse(`found '${separator}', expected: ',' or 'end of string'`);
    take();
    if (peek() === undefined) refuse(`found '', expected: identifier after ','`);
  }
  return (labels) => requirements.every((requirement) => requirement(labels));
}

function binary(key: string, operator: string, values: () => string[], value: () => string, fail: (why: string) => never): Requirement {
  const check = (list: string[]): Set<string> => {
    for (const item of list) {
      const [problem] = checkLabelValue(item);
      if (problem !== undefined) fail(`values[0][${key}]: Invalid value: ${goQuote(item)}: ${problem}`);
    }
    return new Set(list);
  };
  const own = (labels: Labels | undefined): string | undefined =>
    labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case '==': {
      const wanted = check([value()]);
      return (labels) => {
        const actual = own(labels);
        return actual !== undefined && wanted.has(actual);
      };
    }
    case '!=': {
      const unwanted = check([value()]);
      return (labels) => {
        const actual = own(labels);
        return actual === undefined || !unwanted.has(actual);
      };
    }
    case 'in': {
      const wanted = check(values());
      return (labels) => {
        const actual = own(labels);
        return actual !== undefined && wanted.has(actual);
      };
    }
    case 'notin': {
      const unwanted = check(values());
      return (labels) => {
        const actual = own(labels);
        return actual === undefined || !unwanted.has(actual);
      };
    }
    case '<':
    case '>': {
      const text = value();
      if (!/^-?\d+$/.test(text)) fail(`values[0]: Invalid value: ${goQuote(text)}: for 'Gt', 'Lt' operators, the value must be an integer`);
      const bound = BigInt(text);
      return (labels) => {
        const actual = own(labels);
        if (actual === undefined || !/^-?\d+$/.test(actual)) return false;
        return operator === '>' ? BigInt(actual) > bound : BigInt(actual) < bound;
      };
    }
    default:
      return fail(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  const end = text.trimEnd().length;
  while (token.lastIndex < end) {
    const match = token.exec(text);
    if (match === null) throw badRequest(`unable to parse requirement: unexpected text in ${JSON.stringify(text)}`);
    tokens.push(match[1] ?? match[2] ?? '');
  }
  return tokens;
}
