/** Merges an applied configuration into a live object. */
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { setOwn } from '../schema/own.ts';
import type { PathElement } from './path-element.ts';
import { fieldOrUnknown, itemElement, resolve, type ListAtom, type MapAtom, type TypeRef } from './type-ref.ts';

type Value = Json | undefined;

/** `live` with every field of `applied` set; undefined when nothing is left. Neither is changed. */
export function merge(live: Value, applied: Value, ref: TypeRef): Value {
  const atom = resolve(ref, applied ?? live);
  switch (atom.kind) {
    case 'scalar':
      return keepApplied(live, applied);
    case 'list': {
      const [lives, items] = [Array.isArray(live) ? live : [], Array.isArray(applied) ? applied : []];
      if (!atom.associative || (lives.length === 0 && items.length === 0)) return keepApplied(live, applied);
      return mergeItems(lives, items, atom);
    }
    case 'map': {
      const [old, now] = [isJsonObject(live) ? live : {}, isJsonObject(applied) ? applied : {}];
      if (atom.atomic || (Object.keys(old).length === 0 && Object.keys(now).length === 0)) return keepApplied(live, applied);
      return mergeFields(old, now, atom);
    }
  }
}

const keepApplied = (live: Value, applied: Value): Value => (applied === undefined ? live : applied);

function mergeFields(live: JsonObject, applied: JsonObject, map: MapAtom): Value {
  const result: JsonObject = {};
  for (const key of new Set([...Object.keys(live), ...Object.keys(applied)])) {
    const old = Object.hasOwn(live, key) ? live[key] : undefined;
    const now = Object.hasOwn(applied, key) ? applied[key] : undefined;
    const merged = merge(old, now, fieldOrUnknown(map.ref, key).ref);
    if (merged !== undefined) setOwn(result, key, merged);
  }
  return Object.keys(result).length > 0 ? result : undefined;
}

/**
 * Items that both have come in the order in which they are applied; items that only the live list has keep their place among
 * their neighbours.
 */
function mergeItems(lives: readonly Json[], applied: readonly Json[], list: ListAtom): Value {
  const liveElements = lives.map((item) => itemElement(list, item));
  const appliedElements = applied.map((item) => itemElement(list, item));
  const liveByElement = firstOnes(liveElements, lives);
  const appliedByElement = new Map<PathElement, Value>(appliedElements.map((element, index) => [element, applied[index]]));
  const shared = appliedElements.filter((element) => liveByElement.has(element));
  let nextShared = shared.shift();
  const merged = new Set<PathElement>();
  const result: Json[] = [];
  const push = (live: Value, now: Value): void => {
    const item = merge(live, now, list.items);
    if (item !== undefined) result.push(item);
  };
  let [left, right] = [0, 0];
  while (left < lives.length || right < applied.length) {
    const element = liveElements[left];
    const appliedElement = appliedElements[right];
    if (element !== undefined && appliedElement !== undefined) {
      if (element === appliedElement) {
        merged.add(element);
        push(liveByElement.get(element), appliedByElement.get(element));
        left++;
        right++;
        nextShared = shared.shift();
        continue;
      }
      if (appliedByElement.has(element) && nextShared !== undefined && nextShared !== element) {
        left++;
        continue;
      }
    }
    if (element !== undefined) {
      if (!appliedByElement.has(element)) {
        push(lives[left], undefined);
        left++;
        continue;
      }
      if (merged.has(element)) left++;
    }
    if (appliedElement !== undefined) {
      merged.add(appliedElement);
      push(liveByElement.get(appliedElement), appliedByElement.get(appliedElement));
      right++;
      if (nextShared === appliedElement) nextShared = shared.shift();
    }
  }
  return result.length > 0 ? result : undefined;
}

/** The item of each element; null where several items share one, for then none of them is the one that was applied. */
function firstOnes(elements: readonly PathElement[], items: readonly Json[]): Map<PathElement, Value> {
  const map = new Map<PathElement, Value>();
  for (const [index, element] of elements.entries()) map.set(element, map.has(element) ? null : items[index]);
  return map;
}
