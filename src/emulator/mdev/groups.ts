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
  /** Opens of its file and of its devices, all of them by `user`. */
  opens: number;
  user: User | undefined;
  claimed: boolean;
  /** Told when the last device leaves while the group's file is open. */
  onGone: (() => void) | undefined;
}

/** The IOMMU groups of the host. */
export class Groups {
  readonly #numbers = new GroupNumbers();
  readonly #byPeer = new Map<string, Group>();
  readonly #byNumber = new Map<number, Group>();

  /** Puts one device into the group of `peerUUID`, or into one of its own; undone by `detach`. */
  attach(peerUUID: string | undefined): Group {
    let group = peerUUID === undefined ? undefined : this.#byPeer.get(peerUUID);
    if (group === undefined) {
      group = { number: this.#numbers.take(), peerUUID, members: 0, opens: 0, user: undefined, claimed: false, onGone: undefined };
      this.#byNumber.set(group.number, group);
      if (peerUUID !== undefined) this.#byPeer.set(peerUUID, group);
    }
    group.members++;
    return group;
  }

  detach(group: Group): void {
    group.members--;
    if (group.members === 0 && group.onGone !== undefined) {
      // Its file stays open on a group without devices, which none can join any more.
      this.#forgetPeer(group);
      group.onGone();
    }
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
    if (group.opens > 0) return;
    group.user = undefined;
    this.#freeUnused(group);
  }

  /**
   * Opens the group's file for `user`; undone by `closeFile`. Unlike `enter` it takes nobody beside: a group's file has one opener.
   * @throws ErrnoError ENOENT no group has this number, EBUSY somebody has the group
   */
  openFile(number: number, user: User, onGone: () => void): Group {
    const group = this.#byNumber.get(number);
    if (group === undefined || group.members === 0) throw new ErrnoError('ENOENT', `there is no IOMMU group ${number}`);
    refuseBusy(group);
    this.enter(group, user);
    group.onGone = onGone;
    return group;
  }

  closeFile(group: Group): void {
    group.onGone = undefined;
    this.leave(group);
  }

  #freeUnused(group: Group): void {
    // A claim and an open file outlive the last device, and the number stays taken with them.
    if (group.members > 0 || group.claimed || group.opens > 0) return;
    // Whoever is told that the group is gone may have closed its file, and so freed it, already.
    if (this.#byNumber.get(group.number) !== group) return;
    this.#forgetPeer(group);
    this.#byNumber.delete(group.number);
    this.#numbers.give(group.number);
  }

  #forgetPeer(group: Group): void {
    const { peerUUID } = group;
    if (peerUUID !== undefined && this.#byPeer.get(peerUUID) === group) this.#byPeer.delete(peerUUID);
  }
}

/** @throws ErrnoError EBUSY when the group is open or claimed */
export function refuseBusy(group: Group): void {
  if (group.claimed) throw new ErrnoError('EBUSY', `IOMMU group ${group.number} is claimed`);
  if (group.user !== undefined) {
    throw new ErrnoError('EBUSY', `IOMMU group ${group.number} is open by process ${group.user.pid} (${group.user.comm})`);
  }
}
