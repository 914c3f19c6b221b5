import type { ConditionClaim } from '../../api/condition.ts';
import type { Attribute, Device, Parent, Users } from '../../provider/contract.ts';
import type { OwnershipRecord, RecordOwner } from '../record/record.ts';

/** What the object asks for, resolved: the plain form of an MdevDevice that is allocated to this node. */
export interface Desired {
  readonly object: RecordOwner;
  readonly uuid: string;
  /** Whether spec.uuid names the UUID; otherwise it is derived or taken from a record. */
  readonly uuidGiven: boolean;
  /** The kernel's name of the parent; undefined while the MdevParent object is not known. */
  readonly parent: string | undefined;
  readonly typeID: string;
  readonly attributes: readonly Attribute[];
  /** Of attributes and params, as the record keeps it. */
  readonly digest: string;
  readonly params: string | undefined;
  readonly group: string | undefined;
  readonly online: boolean;
  readonly adopt: boolean;
  /** Whether this agent was started to allow adoption in the object's namespace. */
  readonly adoptAllowed: boolean;
  readonly reclaimPolicy: 'Delete' | 'Retain';
  readonly deleting: boolean;
  readonly hasFinalizer: boolean;
  readonly withdrawn: boolean;
}

/** What is the case on the node, as far as it concerns one device. */
export interface Observed {
  readonly bootID: string;
  /** The device with the desired (or the record's) UUID, whoever made it. */
  readonly device: Device | undefined;
  /** The record of that UUID, whosever object it names. */
  readonly record: OwnershipRecord | undefined;
  /** There was a record of that UUID and it could not be read. */
  readonly recordUnreadable: boolean;
  /** The desired parent; undefined if it is not registered. */
  readonly parent: Parent | undefined;
  /** Who has the device open; undefined if that was not asked or cannot be told. */
  readonly users: Users | undefined;
  /** Live devices of ours that shall share an IOMMU group with this one. */
  readonly groupMates: readonly Device[];
  /** Another object that has the better right to the UUID. */
  readonly rival: { readonly namespace: string; readonly name: string } | undefined;
}

export type RemoveReason = 'deleted' | 'withdrawn' | 'rollback';

/** The one next thing to do. `wait` and `none` end a pass; everything else is followed by another look. */
export type Action =
  | { readonly kind: 'none' }
  /** Nothing can be done before something else changes; look again then, and at the latest after `retryAfter` ms. */
  | { readonly kind: 'wait'; readonly retryAfter: number }
  /** Record `creating`, create the device, record it as made. `lost` says why a device that was made once is made again. */
  | { readonly kind: 'create'; readonly lost?: 'by-hand' | 'reboot' }
  /** The device of a record in step `creating` is there: record it as made. */
  | { readonly kind: 'settle' }
  | { readonly kind: 'writeAttribute'; readonly index: number }
  | { readonly kind: 'setGroup'; readonly ids: readonly string[] }
  | { readonly kind: 'setOnline'; readonly online: boolean }
  /** Record `removing`, claim and remove the device. */
  | { readonly kind: 'remove'; readonly why: RemoveReason }
  /** Take the record away; the device, if there is one, is left alone. */
  | { readonly kind: 'forget' }
  /** Record a device that somebody else made as ours. */
  | { readonly kind: 'adopt' }
  /** Record the device as this object's, which has the name of the object that it was made for. */
  | { readonly kind: 'takeOver' }
  /** Record the device as one that stays after all: the API server no longer knows of the deletion that was seen. */
  | { readonly kind: 'keep' }
  | { readonly kind: 'removeFinalizer' };

/** The conditions are what is published if the pass ends here. */
export interface Decision {
  readonly action: Action;
  readonly conditions: readonly ConditionClaim[];
}
