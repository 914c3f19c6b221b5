import { isDeepStrictEqual } from 'node:util';
import { findCondition } from '../api/condition.ts';
import { isAborted, pause } from '../kube/abort.ts';
import type { Log } from '../kube/log.ts';
import type { Clock } from '../lib/clock.ts';
import { ProviderError, type DeviceUse, type MdevProvider } from '../provider/contract.ts';
import type { DeviceStore } from './device-store.ts';
import { coarsePinned } from './pinned.ts';
import type { ProviderState } from './provider-state.ts';
import type { RecordStore } from './record/record-store.ts';

export interface SweepOptions {
  /** How often, ms. */
  readonly interval: number;
  readonly state: Pick<ProviderState, 'parentNames' | 'refresh'>;
  readonly provider: Pick<MdevProvider, 'listUses'>;
  readonly records: RecordStore;
  readonly devices: DeviceStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with the key of an object whose condition InUse, or what it says of pins, is no longer true. */
  readonly onChange: (key: string) => void;
}

/**
 * Looks from time to time at what no kernel announces, until `signal` is aborted: that a device was opened or closed, and that
 * a parent has begun to leave. Nothing is written.
 */
export async function sweep(options: SweepOptions, signal: AbortSignal): Promise<void> {
  while (await pause(options.clock, options.interval, signal)) {
    for (const parent of options.state.parentNames()) options.state.refresh(parent, []);
    await sweepUsers(options, signal);
  }
}

async function sweepUsers({ provider, records, devices, log, onChange }: SweepOptions, signal: AbortSignal): Promise<void> {
  let uses: ReadonlyMap<string, DeviceUse>;
  try {
    uses = new Map((await provider.listUses(signal)).map((use) => [use.id, use]));
  } catch (error) {
    if (isAborted(signal)) return;
    if (!(error instanceof ProviderError)) throw error;
    log.debug({ err: error }, 'cannot look who uses devices');
    return;
  }
  for (const { uuid, object, step } of records.all()) {
    const key = `${object.namespace}/${object.name}`;
    const status = devices.get(key)?.status;
    const inUse = findCondition(status?.conditions, 'InUse');
    if (step !== 'ready' || inUse === undefined) continue;
    const use = uses.get(uuid);
    const isNews =
      (inUse.status === 'True') !== (use !== undefined) || !isDeepStrictEqual(coarsePinned(status?.pinned, use?.pinned), status?.pinned);
    if (isNews) onChange(key);
  }
}
