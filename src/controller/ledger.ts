import type { MdevDevice } from '../api/mdev-device.ts';
import type { MdevParent } from '../api/mdev-parent.ts';
import { capacityModel, withPending, type CapacityModel, type PendingCounts } from './capacity.ts';
import type { Candidate } from './eligibility.ts';
import { matchingTypes, type PlacementRequest } from './eligibility.ts';
import { Explanations } from './explanations.ts';
import { explain, type Placement } from './placement.ts';
import { RequestKinds } from './request-kinds.ts';
import { Shortlists } from './shortlist.ts';
import type { WhyNot } from './why-not.ts';
import { keyOf } from '../kube/resource.ts';
import { nodeFacts, standingAllocation, type World } from './world.ts';

/** A decision whose write has not come back through the watch yet. */
export interface Assumption {
  readonly key: string;
  readonly parentName: string;
  readonly typeID: string;
  /** The device still has to leave another parent; this place is kept for it. */
  readonly reserved: boolean;
}

interface Reported {
  readonly model: CapacityModel;
  readonly uuids: ReadonlySet<string>;
  /** Type by owner, for devices made for an object of that name. */
  readonly owned: ReadonlyMap<string, { readonly uuid: string; readonly typeID: string }>;
}

/**
 * What every parent has to bear: what its status shows, what is allocated to it and not in its status yet, and what was
 * decided but not seen yet. So two devices never get one slot. All but the decisions is re-learned from the objects, and they
 * are in the objects as soon as they are written.
 */
export class Ledger {
  readonly #world: World;
  readonly #assumed = new Map<string, Assumption>();
  readonly #assumedOn = new Map<string, Set<string>>();
  readonly #reported = new WeakMap<MdevParent, Reported>();
  readonly #candidates = new Map<string, Candidate>();
  /** By parent: what is allocated to it and not in its status yet, type by the key of the object. */
  readonly #unseen = new Map<string, Map<string, string>>();
  readonly #kinds = new RequestKinds();
  readonly #shortlists = new Shortlists();
  readonly #explanations = new Explanations();

  constructor(world: World) {
    this.#world = world;
  }

  /** Counts `device` as put on `parentName` from now on, until `forget`. */
  assume(device: MdevDevice, parentName: string, typeID: string, reserved = false): void {
    const uid = device.metadata.uid ?? '';
    this.forget(uid);
    this.#assumed.set(uid, { key: keyOf(device.metadata), parentName, typeID, reserved });
    const on = this.#assumedOn.get(parentName);
    if (on === undefined) this.#assumedOn.set(parentName, new Set([uid]));
    else on.add(uid);
    const candidate = this.#candidates.get(parentName);
    if (candidate === undefined) return;
    if (this.isThere(device, candidate.parent)) return;
    this.#candidates.set(parentName, { ...candidate, pending: withPending(candidate.pending, typeID) });
    this.#tell(parentName);
  }

  assumption(uid: string | undefined): Assumption | undefined {
    return this.#assumed.get(uid ?? '');
  }

  forget(uid: string): void {
    const assumption = this.#assumed.get(uid);
    if (assumption === undefined) return;
    this.#assumed.delete(uid);
    const on = this.#assumedOn.get(assumption.parentName);
    on?.delete(uid);
    if (on?.size === 0) this.#assumedOn.delete(assumption.parentName);
    this.deviceChanged(assumption.parentName, assumption.key);
  }

  /** Something about the parent, its node or the devices on it changed. */
  invalidate(parentName: string): void {
    this.#unseen.delete(parentName);
    this.#outdate(parentName);
  }

  /** As `invalidate`, where it was only the object of this key that came to the parent, changed there or went: nothing else is looked at again. */
  deviceChanged(parentName: string, key: string): void {
    const parent = this.#world.parents.get(parentName);
    const unseen = this.#unseen.get(parentName);
    if (parent !== undefined && unseen !== undefined) {
      unseen.delete(key);
      const device = this.#world.devices.get(key);
      if (device !== undefined) this.#addUnseen(device, parent, unseen);
    }
    this.#outdate(parentName);
  }

  #outdate(parentName: string): void {
    this.#candidates.delete(parentName);
    this.#tell(parentName);
  }

  #tell(parentName: string): void {
    this.#shortlists.change(parentName);
    this.#explanations.change();
  }

  /** Whether the status of `parent` shows the device of `object`. */
  isThere(object: MdevDevice, parent: MdevParent): boolean {
    const { uuids, owned } = this.#report(parent);
    if (uuids.has(this.#world.uuidOf(object))) return true;
    const former = owned.get(keyOf(object.metadata));
    if (former === undefined) return false;
    const wanted = object.spec.uuid?.toLowerCase();
    return (wanted === undefined || wanted === former.uuid) && matchingTypes(object.spec, parent).includes(former.typeID);
  }

  candidate(parentName: string): Candidate | undefined {
    const known = this.#candidates.get(parentName);
    if (known !== undefined) return known;
    const parent = this.#world.parents.get(parentName);
    if (parent === undefined) return undefined;
    const node = this.#world.nodes.get(parent.spec.nodeName);
    const candidate: Candidate = {
      parent,
      node: node === undefined ? undefined : nodeFacts(node, this.#world.lostNodes),
      model: this.#report(parent).model,
      pending: this.#pending(parent),
    };
    this.#candidates.set(parentName, candidate);
    return candidate;
  }

  /** All parents. */
  candidates(): Candidate[] {
    return this.#world.parents.list().flatMap((parent) => this.candidate(parent.metadata.name) ?? []);
  }

  /** The parents that offer the type; `typeKey` as in world.ts. */
  candidatesOfType(typeKey: string): Candidate[] {
    return this.#world.parents.keysByIndex('type', typeKey).flatMap((name) => this.candidate(name) ?? []);
  }

  /** Where one device goes best among the parents that offer its type: as `choose` answers, without looking at all of them each time. */
  best(request: PlacementRequest, typeKey: string): Placement | undefined {
    const shortlist = this.#shortlists.of(this.#kinds.of(request), request, () => this.candidatesOfType(typeKey));
    return shortlist.best(request.avoid, (parentName) => this.candidate(parentName));
  }

  /** Why `best` answers nothing, for people: as `explain` says it, without looking at all parents for each device that asks for the same. */
  whyNot(request: PlacementRequest): WhyNot {
    if (request.avoid !== undefined && request.avoid.size > 0) return explain([request], this.candidates());
    return this.#explanations.of(this.#kinds.of(request), request, () => this.candidates());
  }

  #pending(parent: MdevParent): PendingCounts {
    const { devices } = this.#world;
    const name = parent.metadata.name;
    const counts = new Map<string, number>();
    const count = (typeID: string): void => void counts.set(typeID, (counts.get(typeID) ?? 0) + 1);
    for (const typeID of this.#unseenOn(parent).values()) count(typeID);
    for (const uid of this.#assumedOn.get(name) ?? []) {
      const assumption = this.#assumed.get(uid);
      const device = assumption && devices.get(assumption.key);
      if (assumption === undefined || device?.metadata.uid !== uid) continue;
      const counted = standingAllocation(device)?.parentName === name;
      if (!counted && !this.isThere(device, parent)) count(assumption.typeID);
    }
    return counts;
  }

  #unseenOn(parent: MdevParent): ReadonlyMap<string, string> {
    const known = this.#unseen.get(parent.metadata.name);
    if (known !== undefined) return known;
    const unseen = new Map<string, string>();
    for (const device of this.#world.devices.byIndex('parent', parent.metadata.name)) this.#addUnseen(device, parent, unseen);
    this.#unseen.set(parent.metadata.name, unseen);
    return unseen;
  }

  #addUnseen(device: MdevDevice, parent: MdevParent, unseen: Map<string, string>): void {
    const allocation = standingAllocation(device);
    if (allocation?.parentName !== parent.metadata.name || this.isThere(device, parent)) return;
    unseen.set(keyOf(device.metadata), allocation.typeID);
  }

  #report(parent: MdevParent): Reported {
    const known = this.#reported.get(parent);
    if (known !== undefined) return known;
    const devices = parent.status?.devices ?? [];
    const report: Reported = {
      model: capacityModel(parent.status),
      uuids: new Set(devices.map((device) => device.uuid)),
      owned: new Map(devices.flatMap((device) => (device.owner === undefined ? [] : [[keyOf(device.owner), device] as const]))),
    };
    this.#reported.set(parent, report);
    return report;
  }
}
