import { findCondition } from '../../api/condition.ts';
import { resources } from '../../api/group.ts';
import { matchesSelector } from '../../api/label-selector.ts';
import type { MdevDeviceSet } from '../../api/mdev-device-set.ts';
import type { MdevDevice } from '../../api/mdev-device.ts';
import type { MdevParent } from '../../api/mdev-parent.ts';
import { controllerOf } from '../../api/object-meta.ts';
import { keyOf, parseKey } from '../../kube/resource.ts';
import { matchingTypes } from '../eligibility.ts';
import { isGivenUp, type NodeObject, setKeyOf, type World } from '../world.ts';
import type { Expectations } from './expectations.ts';
import { nameStem, ordinalOf } from './names.ts';
import type { Pool, SetDevice, SetSituation, Stranger } from './plan.ts';
import { changeInPlace, type FixedTexts, type Wanted, wantedOf, wantedText } from './template.ts';

/** What of a Node decides about sets: when it changes, sets are looked at again. */
export function nodeSketch(node: NodeObject | undefined): string {
  return JSON.stringify(node === undefined ? null : [node.metadata.labels, node.spec?.unschedulable, isGivenUp(node)]);
}

/** What of an MdevParent decides about sets. */
export function parentSketch(parent: MdevParent | undefined): string {
  if (parent === undefined) return '';
  const types = (parent.status?.supportedTypes ?? []).map(({ id, name }) => [id, name]);
  return JSON.stringify([parent.spec.nodeName, parent.spec.parent, parent.metadata.labels, types]);
}

/** Whether a device of the set could ever be on this node: it has a parent that fits and offers the type. */
function canCarry(set: MdevDeviceSet, node: string, world: World): boolean {
  const { parent: wanted, type } = set.spec.template.spec;
  return world.parents
    .byIndex('node', node)
    .some(
      (parent) =>
        (wanted?.name === undefined || wanted.name === parent.spec.parent) &&
        (wanted?.selector === undefined || matchesSelector(wanted.selector, parent.metadata.labels)) &&
        matchingTypes({ type }, parent).length > 0,
    );
}

/**
 * The pool of each node that shall have devices, or still has some: `used` counts those there are. A node that has some keeps them
 * as long as it is there and matches, whatever becomes of its parents; a cordoned one gets no more.
 */
function poolsByNode(set: MdevDeviceSet, perNode: number, used: ReadonlyMap<string, number>, world: World): Pool[] {
  const selector = { matchLabels: set.spec.template.spec.nodeSelector ?? {} };
  const nodes = new Set([...world.nodes.list().map(({ metadata }) => metadata.name), ...used.keys()]);
  return [...nodes].sort().flatMap((key): Pool[] => {
    const node = world.nodes.get(key);
    const count = used.get(key) ?? 0;
    const base = { key, stem: nameStem(set.metadata.name, key) };
    if (node === undefined) return [{ ...base, wanted: 0, keepsUsed: false, open: false }];
    if (!matchesSelector(selector, node.metadata.labels)) return count === 0 ? [] : [{ ...base, wanted: 0, keepsUsed: true, open: false }];
    if (node.spec?.unschedulable === true || isGivenUp(node)) {
      return count === 0 ? [] : [{ ...base, wanted: Math.min(perNode, count), keepsUsed: false, open: false }];
    }
    return count > 0 || canCarry(set, key, world) ? [{ ...base, wanted: perNode, keepsUsed: false, open: true }] : [];
  });
}

/** What a set is judged by. */
export interface SetSources {
  readonly world: World;
  readonly expectations: Expectations;
  readonly texts: FixedTexts;
}

/** Reads the stores for one set; what was written and is not seen yet counts as seen. */
export function lookAt(set: MdevDeviceSet, sources: SetSources): SetSituation {
  const { world } = sources;
  const setKey = keyOf(set.metadata);
  const { namespace = '' } = set.metadata;
  const { replicas, perNode, maxUnavailable } = set.spec;
  const isOwn = (device: MdevDevice): boolean => controllerOf(device.metadata)?.uid === set.metadata.uid;
  const related = world.devices.byIndex('set', setKey);
  const nodeOf = (device: MdevDevice): string => (perNode === undefined ? '' : (device.spec.nodeName ?? ''));
  const used = new Map<string, number>();
  for (const device of related.filter(isOwn)) used.set(nodeOf(device), (used.get(nodeOf(device)) ?? 0) + 1);
  const pools: Pool[] =
    perNode === undefined
      ? [{ key: '', stem: nameStem(set.metadata.name, ''), wanted: replicas ?? 0, keepsUsed: false, open: true }]
      : poolsByNode(set, perNode, used, world);
  const stems = new Map(pools.map(({ key, stem }) => [key, stem]));
  const placed = (device: MdevDevice): { pool: string; ordinal: number } | undefined => {
    const pool = nodeOf(device);
    const stem = stems.get(pool);
    const ordinal = stem === undefined ? undefined : ordinalOf(stem, device.metadata.name);
    return ordinal === undefined ? undefined : { pool, ordinal };
  };
  const wanted = wantedOf(set);
  const wantedTexts = new Map(pools.map(({ key }) => [key, wantedText(wanted, key)]));
  const devices = related.filter(isOwn).flatMap((device): SetDevice[] => {
    const place = placed(device);
    if (place === undefined) return [];
    return [viewOf(device, { ...place, outdated: sources.texts.of(device) !== wantedTexts.get(place.pool) }, wanted, sources)];
  });
  const strangers = related.flatMap((device): Stranger[] => {
    const place = placed(device);
    const { name, uid = '', deletionTimestamp } = device.metadata;
    if (place === undefined || controllerOf(device.metadata) !== undefined || deletionTimestamp !== undefined) return [];
    return [{ name, uid, ...place, leaving: false }];
  });
  return {
    pools,
    devices: [...devices, ...unseen(setKey, pools, sources)],
    adoptable: strangers,
    maxUnavailable,
    stranger: (name) => {
      const device = world.devices.get(keyOf({ namespace, name }));
      return device === undefined || isOwn(device) ? undefined : { leaving: isLeaving(device, setKey) };
    },
  };
}

/** It is being deleted, or belongs to an earlier set of this name and will be. */
function isLeaving(device: MdevDevice, setKey: string): boolean {
  return (
    device.metadata.deletionTimestamp !== undefined ||
    (controllerOf(device.metadata)?.kind === resources.mdevDeviceSet.kind && setKeyOf(device) === setKey)
  );
}

function viewOf(
  device: MdevDevice,
  known: Pick<SetDevice, 'pool' | 'ordinal' | 'outdated'>,
  wanted: Wanted,
  { world, expectations }: SetSources,
): SetDevice {
  const { name, uid = '', deletionTimestamp } = device.metadata;
  const { allocation, conditions } = device.status ?? {};
  return {
    ...known,
    name,
    uid,
    deleting: deletionTimestamp !== undefined || expectations.isDeleted(keyOf(device.metadata), uid),
    ready: readiness(wanted, device),
    inUse: findCondition(conditions, 'InUse')?.status === 'True',
    lost: known.pool === '' && allocation !== undefined && isGivenUp(world.nodes.get(allocation.nodeName)),
    change: changeInPlace(wanted, device, known.outdated),
  };
}

/** Whether a device is Ready, or offline where the template wants it so. */
export function readiness({ template }: Pick<Wanted, 'template'>, device: MdevDevice): SetDevice['ready'] {
  const ready = findCondition(device.status?.conditions, 'Ready');
  if (ready?.status === 'False' && ready.reason === 'Offline' && !template.spec.online) return 'True';
  return ready?.status ?? 'False';
}

/** Devices that were created and are in no store yet. */
function unseen(setKey: string, pools: readonly Pool[], { world, expectations }: SetSources): SetDevice[] {
  return expectations.createdFor(setKey).flatMap(([key, uid]): SetDevice[] => {
    if (world.devices.has(key)) return [];
    const { name } = parseKey(key);
    return pools.flatMap(({ key: pool, stem }): SetDevice[] => {
      const ordinal = ordinalOf(stem, name);
      if (ordinal === undefined) return [];
      return [{ name, uid, pool, ordinal, deleting: false, ready: 'False', inUse: false, outdated: false, lost: false }];
    });
  });
}
