/**
 * A set of fields as a tree. A member is in the set itself; a child only has members below it. Sets are values: operations make
 * new ones, and only `insert` changes one, while it is being built.
 */
import { compareElements, type PathElement } from './path-element.ts';

export interface FieldSet {
  readonly members: ReadonlySet<PathElement>;
  readonly children: ReadonlyMap<PathElement, FieldSet>;
}

/** A set under construction. */
export interface FieldSetBuilder extends FieldSet {
  readonly members: Set<PathElement>;
  readonly children: Map<PathElement, FieldSetBuilder>;
}

export type Path = readonly PathElement[];

export const newSet = (): FieldSetBuilder => ({ members: new Set(), children: new Map() });

export const emptySet: FieldSet = Object.freeze(newSet());

/** A set of the given paths. */
export function setOf(...paths: readonly Path[]): FieldSet {
  const set = newSet();
  for (const path of paths) insert(set, path);
  return set;
}

/** Adds the field at `path`, not its parents. The empty path, the whole object, is never a member. */
export function insert(set: FieldSetBuilder, path: Path): void {
  let node = set;
  for (const element of path.slice(0, -1)) {
    let child = node.children.get(element);
    if (child === undefined) {
      child = newSet();
      node.children.set(element, child);
    }
    node = child;
  }
  const last = path.at(-1);
  if (last !== undefined) node.members.add(last);
}

export function isEmpty(set: FieldSet): boolean {
  if (set.members.size > 0) return false;
  for (const child of set.children.values()) if (!isEmpty(child)) return false;
  return true;
}

export function has(set: FieldSet, path: Path): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path.slice(0, -1)) node = node?.children.get(element);
  const last = path.at(-1);
  return last !== undefined && node?.members.has(last) === true;
}

/** What is below `element`. */
export function below(set: FieldSet, element: PathElement): FieldSet {
  return set.children.get(element) ?? emptySet;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const other = children.get(element);
    children.set(element, other === undefined ? child : union(other, child));
  }
  return { members: new Set([...a.members, ...b.members]), children };
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    const shared = other === undefined ? emptySet : intersection(child, other);
    if (!isEmpty(shared)) children.set(element, shared);
  }
  return { members: new Set([...a.members].filter((element) => b.members.has(element))), children };
}

/** The fields of `a` that are not in `b`; a field of `a` stays when only its parent is in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, false);
}

/** The fields of `a` that neither are in `b` nor have a parent there. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, true);
}

function subtract(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet {
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of a.children) {
    if (recursive && b.members.has(element)) continue;
    const other = b.children.get(element);
    const rest = other === undefined ? child : subtract(child, other, recursive);
    if (!isEmpty(rest)) children.set(element, rest);
  }
  return { members: new Set([...a.members].filter((element) => !b.members.has(element))), children };
}

export function equals(a: FieldSet, b: FieldSet): boolean {
  return isEmpty(difference(a, b)) && isEmpty(difference(b, a));
}

/** Every path of the set: at each level its members, then what is below, in order. */
export function* paths(set: FieldSet, prefix: Path = []): Generator<Path> {
  for (const element of [...set.members].sort(compareElements)) yield [...prefix, element];
  for (const element of [...set.children.keys()].sort(compareElements)) yield* paths(below(set, element), [...prefix, element]);
}
