import { findCondition } from '../api/condition.ts';
import type { MdevParent } from '../api/mdev-parent.ts';
import { keyOf } from '../kube/resource.ts';
import { groupKey, isOutOfService, nodeFacts, standingAllocation, typeKeys, type World } from './world.ts';

/** What has to be remembered of a device to know what its change or end means for others. */
export interface DeviceFacts {
  readonly uid: string;
  readonly uuid: string;
  readonly groupKey: string | undefined;
  readonly deleting: boolean;
  /** Of the allocation that stands. */
  readonly parentName: string | undefined;
  readonly typeID: string | undefined;
  /** Changes when the device counts differently on its parent. */
  readonly placement: string;
}

/** What decides whether a parent can take devices at all; not how many. */
function eligibilityOf(parent: MdevParent): string {
  const present = findCondition(parent.status?.conditions, 'Present')?.status;
  const { labels, deletionTimestamp } = parent.metadata;
  return JSON.stringify([labels, deletionTimestamp, parent.spec.unschedulable, parent.spec.allowedTypes, present, typeKeys(parent)]);
}

/** Compares objects with what they were before, for stores only know what is now. */
export class ObjectTracker {
  readonly #world: World;
  readonly #devices = new Map<string, DeviceFacts>();
  readonly #parents = new Map<string, string>();
  readonly #nodes = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** What a device was and is; undefined where there is none. */
  device(key: string): { readonly before: DeviceFacts | undefined; readonly after: DeviceFacts | undefined } {
    const before = this.#devices.get(key);
    const device = this.#world.devices.get(key);
    if (device === undefined) {
      this.#devices.delete(key);
      return { before, after: undefined };
    }
    const allocation = standingAllocation(device);
    const uuid = this.#world.uuidOf(device);
    const after: DeviceFacts = {
      uid: device.metadata.uid ?? '',
      uuid,
      groupKey: groupKey(device),
      deleting: device.metadata.deletionTimestamp !== undefined,
      parentName: allocation?.parentName,
      typeID: allocation?.typeID,
      placement: `${allocation?.parentName ?? ''} ${allocation?.typeID ?? ''} ${uuid}`,
    };
    this.#devices.set(key, after);
    return { before, after };
  }

  /** What became of a parent. `Capacity`: nothing but counts and devices may have changed. */
  parent(name: string): 'Appeared' | 'Gone' | 'Eligibility' | 'Capacity' {
    const before = this.#parents.get(name);
    const parent = this.#world.parents.get(name);
    if (parent === undefined) {
      this.#parents.delete(name);
      return 'Gone';
    }
    const after = eligibilityOf(parent);
    this.#parents.set(name, after);
    if (before === undefined) return 'Appeared';
    return before === after ? 'Capacity' : 'Eligibility';
  }

  /** Whether anything changed about a node that is looked at here: nodes report often, and mostly nothing new. */
  node(name: string): boolean {
    const { nodes, lostNodes } = this.#world;
    const before = this.#nodes.get(name);
    const node = nodes.get(name);
    if (node === undefined && !lostNodes.has(name)) {
      this.#nodes.delete(name);
      return before !== undefined;
    }
    const after = JSON.stringify(node === undefined ? 'lost and gone' : [nodeFacts(node, lostNodes), isOutOfService(node)]);
    this.#nodes.set(name, after);
    return before !== after;
  }

  /** The devices among `waiting` that this parent reports to exist already: to be adopted, or made for an object of that name. */
  reportedOn(name: string, waiting: { has(key: string): boolean }): string[] {
    const { devices, parents } = this.#world;
    return (parents.get(name)?.status?.devices ?? []).flatMap((entry) => {
      const keys = entry.owner === undefined ? devices.keysByIndex('uuid', entry.uuid) : [keyOf(entry.owner)];
      return keys.filter((key) => waiting.has(key));
    });
  }
}
