/** What a verb answers, before it is turned into bytes. */
import type { Resource } from '../resource.ts';
import type { Status } from '../status.ts';
import type { Entry } from '../store/entry.ts';

/** The JSON text of one object in the resource's version; `entry` when it is stored. */
export interface ObjectResult {
  readonly type: 'object';
  readonly code: number;
  readonly resource: Resource;
  readonly text: string;
  readonly warnings: readonly string[];
}

export interface StatusResult {
  readonly type: 'status';
  readonly code: number;
  readonly status: Status;
  readonly warnings: readonly string[];
}

export interface ListResult {
  readonly type: 'list';
  readonly resource: Resource;
  readonly entries: readonly Entry[];
  readonly resourceVersion: string;
  readonly continueToken: string;
  readonly remainingItemCount: number | undefined;
}

export type Result = ObjectResult | StatusResult | ListResult;

/** A Success status, as a delete without body answers. */
export function successStatus(details: NonNullable<Status['details']>): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
