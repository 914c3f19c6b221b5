/** metadata.managedFields, decoded: who holds which fields. */
import type { ManagedFieldsEntry } from '../object.ts';
import { compareStrings } from '../schema/go-format.ts';
import type { FieldSet } from './field-set.ts';
import { decodeFields, encodeFields } from './fields-v1.ts';

/** What tells one entry from another. An applier has one entry whatever its apiVersion. */
export interface ManagerIdentity {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
}

export interface ManagedSet {
  readonly identity: ManagerIdentity;
  readonly fields: FieldSet;
  /** RFC 3339; undefined when the entry carries none. */
  readonly time: string | undefined;
}

/** Entries by the text of their identity. */
export type Managed = ReadonlyMap<string, ManagedSet>;

export function identityKey({ manager, operation, apiVersion, subresource }: ManagerIdentity): string {
  return JSON.stringify({
    manager,
    operation,
    ...(operation === 'Update' && { apiVersion }),
    ...(subresource !== '' && { subresource }),
  });
}

/** The entries decoded; undefined when one of them is malformed. */
export function decodeManaged(entries: readonly ManagedFieldsEntry[]): Managed | undefined {
  const managed = new Map<string, ManagedSet>();
  for (const entry of entries) {
    const { manager = '', operation, apiVersion = '', subresource = '', time } = entry;
    const fields = decodeFields(entry.fieldsV1);
    if (operation !== 'Apply' && operation !== 'Update') return undefined;
    if (apiVersion === '' || entry.fieldsType !== 'FieldsV1' || fields === undefined) return undefined;
    const identity: ManagerIdentity = { manager, operation, apiVersion, subresource };
    managed.set(identityKey(identity), { identity, fields, time });
  }
  return managed;
}

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '');

/**
 * The managers whose fields are named as in `apiVersion`. An event has other names in its other group, which cannot be told
 * from these: kube-apiserver forgets such managers at the next write, too.
 */
export function ofGroup(managed: Managed, apiVersion: string): Managed {
  return new Map([...managed].filter(([, { identity }]) => groupOf(identity.apiVersion) === groupOf(apiVersion)));
}

/** The entries as stored: appliers first, then by time and name. */
export function encodeManaged(managed: Managed): ManagedFieldsEntry[] {
  return [...managed.values()].sort(compareEntries).map(({ identity, fields, time }) => ({
    ...(identity.manager !== '' && { manager: identity.manager }),
    operation: identity.operation,
    apiVersion: identity.apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(fields),
    ...(identity.subresource !== '' && { subresource: identity.subresource }),
  }));
}

const secondsOf = (time: string | undefined): number => (time === undefined ? 0 : Math.floor(Date.parse(time) / 1000));

function compareEntries(a: ManagedSet, b: ManagedSet): number {
  return (
    compareStrings(a.identity.operation, b.identity.operation) ||
    secondsOf(a.time) - secondsOf(b.time) ||
    compareStrings(a.identity.manager, b.identity.manager) ||
    compareStrings(a.identity.apiVersion, b.identity.apiVersion) ||
    compareStrings(a.identity.subresource, b.identity.subresource)
  );
}

/** `now`, milliseconds since the epoch, as an entry's time. */
export function entryTime(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}
