import { findCondition } from '../api/condition.ts';
import { pause } from '../kube/abort.ts';
import type { Log } from '../kube/log.ts';
import type { Clock } from '../lib/clock.ts';
import { ProviderError, type MdevProvider } from '../provider/contract.ts';
import type { DeviceStore } from './device-store.ts';
import type { RecordStore } from './record/record-store.ts';

export interface UsersSweepOptions {
  readonly provider: MdevProvider;
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
  const { provider, records, devices, clock, log, onChange } = options;
  while (await pause(clock, interval, signal)) {
    try {
      for (const { uuid, object, step } of records.all()) {
        const key = `${object.namespace}/${object.name}`;
        const inUse = findCondition(devices.get(key)?.status?.conditions, 'InUse');
        if (step !== 'ready' || inUse === undefined) continue;
        const users = await provider.users(uuid, signal);
        if ((inUse.status === 'True') !== users.inUse) onChange(key);
      }
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      log.debug({ err: error }, 'cannot look who uses the devices');
    }
  }
}
