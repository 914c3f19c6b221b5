import { ErrnoError } from '../../lib/errno.ts';
import { GroupNumbers } from './group-numbers.ts';
import type { User } from './snapshot.ts';

/** An IOMMU group: its devices have one user at a time. */
export interface Group {
  /** Reused after the group is gone: never an identity. */
  readonly number: number;
  /** Shared by its devices, when they were grouped by peer_to_peer_resource_uuid. */
  readonly peerUUID: string | undefined;
  members: number;
  /** Open devices of the group, all of them by `user`. */
  opens: number;
  user: User | undefined;
  claimed: boolean;
}

/** The IOMMU groups of the host. */
export class Groups {
  readonly #numbers = new GroupNumbers();
  readonly #byPeer = new Map<string, Group>();

  /** Puts one device into the group of `peerUUID`, or into one of its own; undone by `detach`. */
  attach(peerUUID: string | undefined): Group {
    let group = peerUUID === undefined ? undefined : this.#byPeer.get(peerUUID);
    if (group === undefined) {
      group = { number: this.#numbers.take(), peerUUID, members: 0, opens: 0, user: undefined, claimed: false };
      if (peerUUID !== undefined) this.#byPeer.set(peerUUID, group);
    }
    group.members++;
    return group;
  }

  detach(group: Group): void {
    group.members--;
    this.#freeUnused(group);
  }

  /** The group that devices with this peer UUID share, if there is one. */
  ofPeer(peerUUID: string): Group | undefined {
    return this.#byPeer.get(peerUUID);
  }

  /** Keeps every opener out until `unclaim`. @throws ErrnoError EBUSY when somebody has the group */
  claim(group: Group): void {
    refuseBusy(group);
    group.claimed = true;
  }

  unclaim(group: Group): void {
    group.claimed = false;
    this.#freeUnused(group);
  }

  /** Counts one open of a device of the group by `user`; undone by `leave`. @throws ErrnoError EBUSY when another has the group */
  enter(group: Group, user: User): void {
    if (group.claimed || (group.user !== undefined && group.user.pid !== user.pid)) refuseBusy(group);
    group.user ??= user;
    group.opens++;
  }

  leave(group: Group): void {
    group.opens--;
    if (group.opens === 0) group.user = undefined;
  }

  #freeUnused(group: Group): void {
    // A claim outlives the last device, and the number stays taken with it, as an open group file does it.
    if (group.members > 0 || group.claimed) return;
    if (group.peerUUID !== undefined && this.#byPeer.get(group.peerUUID) === group) this.#byPeer.delete(group.peerUUID);
    this.#numbers.give(group.number);
  }
}

/** @throws ErrnoError EBUSY when the group is open or claimed */
export function refuseBusy(group: Group): void {
  if (group.claimed) throw new ErrnoError('EBUSY', `IOMMU group ${group.number} is claimed`);
  if (group.user !== undefined) {
    throw new ErrnoError('EBUSY', `IOMMU group ${group.number} is open by process ${group.user.pid} (${group.user.comm})`);
  }
}
