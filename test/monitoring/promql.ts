/** As much of PromQL as is needed to hold expressions to what is served: a tree, the labels that it uses, and those that it yields. */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** Labels that the scraper adds to all it scrapes. */
export const targetLabels: readonly string[] = ['instance'];

export interface Expression {
  readonly text: string;
  readonly root: SyntaxNode;
}

/** @throws Error where the expression is none */
export function parsePromql(text: string): Expression {
  const tree = parser.parse(text);
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) throw new Error(`Cannot parse ${text}: at ${JSON.stringify(text.slice(node.from))}`);
    },
  });
  const root = tree.topNode.firstChild;
  if (root === null) throw new Error('Cannot parse an empty expression');
  return { text, root };
}

export function textOf({ text }: Expression, node: SyntaxNode): string {
  return text.slice(node.from, node.to);
}

/** All nodes of this name below `node`, itself included. */
export function descendants(node: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  node.cursor().iterate((at) => {
    if (at.name === name) found.push(at.node);
  });
  return found;
}

/** The operands of an operation, or the arguments of a call: its children that are expressions. */
export function operands(node: SyntaxNode): SyntaxNode[] {
  const expressions = [
    'AggregateExpr',
    'BinaryExpr',
    'FunctionCall',
    'MatrixSelector',
    'NumberDurationLiteral',
    'ParenExpr',
    'VectorSelector',
  ];
  const body = node.getChild('FunctionCallBody') ?? node;
  const children: SyntaxNode[] = [];
  for (let child = body.firstChild; child !== null; child = child.nextSibling) if (expressions.includes(child.name)) children.push(child);
  return children;
}

function labelNames(expression: Expression, node: SyntaxNode | null): string[] {
  return node === null ? [] : node.getChildren('LabelName').map((label) => textOf(expression, label));
}

/** The labels in brackets after `by`; undefined where nothing is grouped. */
export function groupedBy(expression: Expression, aggregate: SyntaxNode): string[] | undefined {
  const modifier = aggregate.getChild('AggregateModifier');
  if (modifier === null) return undefined;
  if (modifier.getChild('By') === null) throw new Error(`Cannot tell which labels are left: ${expression.text}`);
  return labelNames(expression, modifier.getChild('GroupingLabels'));
}

/** The labels in brackets after `on`, and those after `group_left`; undefined where all labels are compared. */
export function matchedOn(expression: Expression, binary: SyntaxNode): { on: string[]; include: string[] } | undefined {
  const modifier = binary.getChild('MatchingModifierClause');
  if (modifier === null) return undefined;
  const [on = null, include = null] = modifier.getChildren('GroupingLabels');
  return { on: labelNames(expression, on), include: labelNames(expression, include) };
}

export interface Matcher {
  readonly label: string;
  readonly matches: (value: string) => boolean;
}

export function metricOf(expression: Expression, selector: SyntaxNode): string {
  const identifier = selector.getChild('Identifier');
  if (identifier === null) throw new Error(`A selector names no metric: ${expression.text}`);
  return textOf(expression, identifier);
}

export function matchersOf(expression: Expression, selector: SyntaxNode): Matcher[] {
  return descendants(selector, 'UnquotedLabelMatcher').map((matcher) => {
    const [label = '', operator = '', literal = ''] = ['LabelName', 'MatchOp', 'StringLiteral'].map((name) => {
      const child = matcher.getChild(name);
      return child === null ? '' : textOf(expression, child);
    });
    const value = JSON.parse(literal) as string;
    const same = operator.endsWith('~') ? (text: string) => new RegExp(`^(?:${value})$`).test(text) : (text: string) => text === value;
    return { label, matches: operator.startsWith('!') ? (text) => !same(text) : same };
  });
}

/** Every label that an expression takes for one of a metric's, by what it is used for: matching, grouping, joining. */
export function usedLabels(expression: Expression): { readonly metric: string; readonly label: string }[] {
  return descendants(expression.root, 'VectorSelector').flatMap((selector) => {
    const metric = metricOf(expression, selector);
    const labels = matchersOf(expression, selector).map(({ label }) => label);
    for (let below: SyntaxNode = selector, at = selector.parent; at !== null; below = at, at = at.parent) {
      if (at.name === 'AggregateExpr') {
        labels.push(...(groupedBy(expression, at) ?? []));
        // Whatever is above sees the grouped labels only.
        break;
      }
      const matched = at.name === 'BinaryExpr' ? matchedOn(expression, at) : undefined;
      const isRight = operands(at)[1]?.from === below.from;
      labels.push(...(matched?.on ?? []), ...(isRight ? (matched?.include ?? []) : []));
    }
    return labels.map((label) => ({ metric, label }));
  });
}

/** The labels that the result has, for legends and annotations. @param served those of a metric */
export function yieldedLabels(expression: Expression, served: (metric: string) => readonly string[], node = expression.root): string[] {
  const [first, second] = operands(node);
  const below = (child: SyntaxNode | undefined): string[] => (child === undefined ? [] : yieldedLabels(expression, served, child));
  switch (node.name) {
    case 'VectorSelector':
      return [...served(metricOf(expression, node)), ...targetLabels];
    case 'AggregateExpr':
      return groupedBy(expression, node) ?? [];
    case 'FunctionCall':
      return node.getChild('FunctionIdentifier')?.firstChild?.name === 'HistogramQuantile'
        ? below(second).filter((label) => label !== 'le')
        : below(first);
    case 'BinaryExpr': {
      const matched = matchedOn(expression, node);
      return [...below(first), ...(matched?.include ?? [])];
    }
    default:
      return below(first);
  }
}
