import type { MdevDevice } from '../api/mdev-device.ts';
import type { Log } from '../kube/log.ts';
import { ProviderError, type MdevProvider } from '../provider/contract.ts';
import type { Action, Desired, Observed } from './decide/types.ts';
import type { DeviceWriter } from './device-writer.ts';
import type { AgentMetrics } from './metrics.ts';
import { perform, type Ports } from './perform.ts';
import { RecordError, type RecordStore } from './record/record-store.ts';

export interface ActorOptions {
  readonly log: Log;
  readonly metrics: AgentMetrics;
  readonly provider: MdevProvider;
  readonly records: RecordStore;
  readonly writer: DeviceWriter;
}

/** Whether a failure is one of the device, which its conditions tell, and not one of the way to the API server. */
export function isDeviceFailure(error: unknown): error is ProviderError | RecordError {
  return error instanceof ProviderError || error instanceof RecordError;
}

/**
 * Carries out one action, and tells of it in metrics, log and Events.
 * @param object what the device is for; undefined for a record without object
 * @throws as `perform` does
 */
export async function act(
  key: string,
  action: Action,
  desired: Desired | undefined,
  observed: Observed,
  object: MdevDevice | undefined,
  options: ActorOptions,
  signal: AbortSignal,
): Promise<void> {
  const { metrics, provider, records, writer, log } = options;
  const uuid = desired?.uuid ?? observed.record?.uuid;
  const ports: Ports = {
    provider,
    records,
    removeFinalizer: async (stop) => {
      if (object !== undefined) await writer.removeFinalizer(object, stop);
    },
  };
  try {
    await perform(action, desired, observed, ports, signal);
  } catch (error) {
    metrics.acted(action.kind, 'failed');
    if (!signal.aborted) log.info({ device: key, uuid, action: action.kind, err: error }, 'an action on a device failed');
    throw error;
  }
  metrics.acted(action.kind, 'done');
  log.debug({ device: key, uuid, action: action.kind }, 'acted on a device');
  if (action.kind === 'create' && action.lost === 'by-hand' && object !== undefined)
    writer.tellLost(object, `The device ${uuid ?? ''} was removed by somebody else; it was made again under the same UUID.`);
}
