/** Evaluates PromQL that needs no history on the samples of one moment. */
import type { SyntaxNode } from '@lezer/common';
import { groupedBy, matchedOn, matchersOf, metricOf, operands, textOf, type Expression } from './promql.ts';
import type { Sample } from './samples.ts';

/** What an expression needs that one moment does not have. */
export class NeedsHistory extends Error {}

type Labels = Readonly<Record<string, string>>;
interface Element {
  readonly labels: Labels;
  readonly value: number;
}
type Value = number | readonly Element[];

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};
const comparison: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Eql: (a, b) => a === b,
  Neq: (a, b) => a !== b,
  Gtr: (a, b) => a > b,
  Lss: (a, b) => a < b,
  Gte: (a, b) => a >= b,
  Lte: (a, b) => a <= b,
};
const aggregation: Readonly<Record<string, (values: readonly number[]) => number>> = {
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Min: (values) => Math.min(...values),
  Max: (values) => Math.max(...values),
  Count: (values) => values.length,
};

function keyOf(labels: Labels, only?: readonly string[]): string {
  const names = (only ?? Object.keys(labels)).toSorted();
  return JSON.stringify(names.map((name) => [name, labels[name] ?? '']));
}

/** The elements of the result. @throws NeedsHistory; Error where it has what this does not know */
export function evaluate(expression: Expression, samples: readonly Sample[]): readonly Element[] {
  const value = valueOf(expression.root);
  if (typeof value === 'number') throw new Error(`Not a vector: ${expression.text}`);
  return value;

  function vectorOf(node: SyntaxNode | undefined): readonly Element[] {
    const result = node === undefined ? [] : valueOf(node);
    if (typeof result === 'number') throw new Error(`Not a vector: ${expression.text}`);
    return result;
  }

  function valueOf(node: SyntaxNode): Value {
    switch (node.name) {
      case 'NumberDurationLiteral':
        return Number(textOf(expression, node));
      case 'ParenExpr': {
        const [inner] = operands(node);
        return inner === undefined ? [] : valueOf(inner);
      }
      case 'VectorSelector': {
        const metric = metricOf(expression, node);
        const matchers = matchersOf(expression, node);
        return samples
          .filter(({ name, labels }) => name === metric && matchers.every(({ label, matches }) => matches(labels[label] ?? '')))
          .map(({ labels, value }) => ({ labels, value }));
      }
      case 'AggregateExpr':
        return aggregate(node);
      case 'BinaryExpr':
        return binary(node);
      case 'FunctionCall':
        return call(node);
      default:
        throw new Error(`Cannot evaluate ${node.name}`);
    }
  }

  function aggregate(node: SyntaxNode): Value {
    const by = groupedBy(expression, node) ?? [];
    const operator = node.getChild('AggregateOp')?.firstChild?.name ?? '';
    const reduce = aggregation[operator];
    if (reduce === undefined) throw new Error(`Cannot evaluate ${operator}`);
    const groups = Map.groupBy(vectorOf(operands(node)[0]), ({ labels }) => keyOf(labels, by));
    return [...groups.values()].map((elements) => ({
      labels: Object.fromEntries(by.map((label) => [label, elements[0]?.labels[label] ?? ''])),
      value: reduce(elements.map(({ value }) => value)),
    }));
  }

  function call(node: SyntaxNode): Value {
    const name = node.getChild('FunctionIdentifier')?.firstChild?.name ?? '';
    const [argument] = operands(node);
    if (name === 'Absent') return vectorOf(argument).length === 0 ? [{ labels: {}, value: 1 }] : [];
    if (name === 'Vector' && argument !== undefined) return [{ labels: {}, value: Number(valueOf(argument)) }];
    throw new NeedsHistory(name);
  }

  function binary(node: SyntaxNode): Value {
    const [leftNode, rightNode] = operands(node);
    if (leftNode === undefined || rightNode === undefined) throw new Error(`Not two operands: ${expression.text}`);
    const on = matchedOn(expression, node)?.on;
    if (node.getChild('And') !== null) {
      const present = new Set(vectorOf(rightNode).map(({ labels }) => keyOf(labels, on)));
      return vectorOf(leftNode).filter(({ labels }) => present.has(keyOf(labels, on)));
    }
    if (node.getChild('Or') !== null) {
      const left = vectorOf(leftNode);
      const present = new Set(left.map(({ labels }) => keyOf(labels, on)));
      return [...left, ...vectorOf(rightNode).filter(({ labels }) => !present.has(keyOf(labels, on)))];
    }
    const left = vectorOf(leftNode);
    const right = valueOf(rightNode);
    const pairs = left.flatMap((element) => {
      const other = typeof right === 'number' ? right : right.find(({ labels }) => keyOf(labels, on) === keyOf(element.labels, on))?.value;
      return other === undefined ? [] : [{ element, other }];
    });
    for (const [operator, holds] of Object.entries(comparison))
      if (node.getChild(operator) !== null)
        return pairs.filter(({ element, other }) => holds(element.value, other)).map(({ element }) => element);
    for (const [operator, compute] of Object.entries(arithmetic))
      if (node.getChild(operator) !== null)
        return pairs.map(({ element: { labels, value }, other }) => ({ labels, value: compute(value, other) }));
    throw new Error(`Cannot evaluate an operator of ${expression.text}`);
  }
}
