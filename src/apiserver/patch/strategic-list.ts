/** How lists with patch strategy `merge` merge, and the order their items end up in. */
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { StrategicPatchError } from './strategic-patch-error.ts';

type MergeItem = (item: JsonObject, patch: JsonObject) => JsonObject;

/**
 * `old` merged with `change`. Objects are matched by `mergeKey` and merged by `mergeItem`; other values are added once.
 * Items of the patch come in the patch's order, the others keep their place among them.
 */
export function mergeList(old: readonly Json[], change: readonly Json[], mergeKey: string | undefined, mergeItem: MergeItem): Json[] {
  if (old.length === 0 && change.length === 0) return [];
  const objects = [...old, ...change].filter(isJsonObject).length;
  if (objects === 0) return orderList([...new Set([...old, ...change])], change, old, undefined);
  if (objects !== old.length + change.length) throw new StrategicPatchError(500, 'list element types are not identical');
  if (mergeKey === undefined) throw new StrategicPatchError(500, 'cannot merge lists without merge key');
  const { kept, changes } = applyDirectives(old.filter(isJsonObject), change.filter(isJsonObject), mergeKey);
  const merged = [...kept];
  for (const patch of changes) {
    const key = keyOf(patch, mergeKey);
    const index = merged.findIndex((item) => item[mergeKey] === key);
    const match = merged[index];
    if (match === undefined) merged.push(patch);
    else merged[index] = mergeItem(match, patch);
  }
  return orderList(merged, changes, kept, mergeKey);
}

function keyOf(item: JsonObject, mergeKey: string): Json {
  const key = Object.hasOwn(item, mergeKey) ? item[mergeKey] : undefined;
  if (key === undefined) {
    throw new StrategicPatchError(500, `map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return key;
}

/** Items of a patch that carry `$patch` delete their match, or all items; the rest is to be merged. */
function applyDirectives(old: JsonObject[], change: JsonObject[], mergeKey: string): { kept: JsonObject[]; changes: JsonObject[] } {
  let kept = old;
  let replaced = false;
  const changes: JsonObject[] = [];
  for (const item of change) {
    if (!Object.hasOwn(item, '$patch')) changes.push(item);
    else if (item.$patch === 'replace') replaced = true;
    else if (item.$patch === 'delete') {
      const key = keyOf(item, mergeKey);
      kept = kept.filter((candidate) => candidate[mergeKey] !== key);
    } else if (item.$patch === 'merge') throw new StrategicPatchError(500, 'merging lists cannot yet be specified in the patch');
    else throw new StrategicPatchError(500, `unknown patch type: ${JSON.stringify(item.$patch)} in map: ${JSON.stringify(item)}`);
  }
  return { kept: replaced ? [] : kept, changes };
}

/**
 * Brings the items of `merged` that `order` names into its order; the others keep the order of `old` and stand before a named
 * item where they stood before it in `old`.
 */
export function orderList(merged: readonly Json[], order: readonly Json[], old: readonly Json[], mergeKey: string | undefined): Json[] {
  const identity = (item: Json): Json | undefined =>
    mergeKey !== undefined && isJsonObject(item) ? (Object.hasOwn(item, mergeKey) ? item[mergeKey] : undefined) : item;
  const places = (list: readonly Json[]): Map<Json | undefined, number> => {
    const map = new Map<Json | undefined, number>();
    for (const [index, item] of list.entries()) if (!map.has(identity(item))) map.set(identity(item), index);
    return map;
  };
  const wanted = places(order);
  const before = places(old);
  const by = (map: ReadonlyMap<Json | undefined, number>) => (a: Json, b: Json) =>
    (map.get(identity(a)) ?? Infinity) - (map.get(identity(b)) ?? Infinity) || 0;
  const named = merged.filter((item) => wanted.has(identity(item))).sort(by(wanted));
  const others = merged.filter((item) => !wanted.has(identity(item))).sort(by(before));
  const result: Json[] = [];
  for (const item of named) {
    const place = before.get(identity(item));
    for (;;) {
      const other = others[0];
      const otherPlace = other === undefined ? undefined : before.get(identity(other));
      if (other === undefined || otherPlace === undefined || place === undefined || otherPlace > place) break;
      result.push(other);
      others.shift();
    }
    result.push(item);
  }
  return [...result, ...others];
}
