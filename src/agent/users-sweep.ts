import { findCondition } from '../api/condition.ts';
import { isAborted, pause } from '../kube/abort.ts';
import type { Log } from '../kube/log.ts';
import type { Clock } from '../lib/clock.ts';
import { ProviderError, type MdevProvider } from '../provider/contract.ts';
import type { DeviceStore } from './device-store.ts';
import type { RecordStore } from './record/record-store.ts';

export interface UsersSweepOptions {
  readonly provider: Pick<MdevProvider, 'users'>;
  readonly records: RecordStore;
  readonly devices: DeviceStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with the key of an object whose condition InUse is no longer true. */
  readonly onChange: (key: string) => void;
}

/** No kernel announces that a device was opened or closed, so once in this time it is asked, ms. */
const interval = 20_000;

/** Looks from time to time whether devices were opened or closed, until `signal` is aborted. One question at a time; nothing is written. */
export async function sweepUsers(options: UsersSweepOptions, signal: AbortSignal): Promise<void> {
  while (await pause(options.clock, interval, signal)) await sweepOnce(options, signal);
}

async function sweepOnce({ provider, records, devices, log, onChange }: UsersSweepOptions, signal: AbortSignal): Promise<void> {
  for (const { uuid, object, step } of records.all()) {
    const key = `${object.namespace}/${object.name}`;
    const inUse = findCondition(devices.get(key)?.status?.conditions, 'InUse');
    if (step !== 'ready' || inUse === undefined) continue;
    try {
      const users = await provider.users(uuid, signal);
      if ((inUse.status === 'True') !== users.inUse) onChange(key);
    } catch (error) {
      if (isAborted(signal)) return;
      if (!(error instanceof ProviderError)) throw error;
      log.debug({ uuid, err: error }, 'cannot look who uses a device');
      if (error.step === 'connect') return;
    }
  }
}
