import { findCondition } from '../api/condition.ts';
import { mdevDeviceSchema, type MdevDevice } from '../api/mdev-device.ts';
import type { KubeClient } from '../kube/client.ts';
import { deviceResource } from '../kube/resource.ts';
import { sleep, type Clock } from '../lib/clock.ts';
import { ProviderError, type MdevProvider } from '../provider/contract.ts';

export interface WaitInit {
  readonly client: KubeClient;
  readonly provider: Pick<MdevProvider, 'info'>;
  readonly clock: Clock;
  /** How long at the most, ms. */
  readonly patience: number;
}

/** How often is looked, ms. */
const interval = 250;

/**
 * Waits until every MdevDevice that is not being deleted is ready in this boot of the kernel.
 * @returns those that are not when patience ends, each as `namespace/name (reason)`; none where there is no patience
 * @throws the signal's reason
 */
export async function waitForDevices({ client, provider, clock, patience }: WaitInit, signal: AbortSignal): Promise<string[]> {
  if (patience === 0) return [];
  const end = clock.monotonic() + patience;
  for (;;) {
    const bootID = await bootOf(provider, signal);
    const { items } = await client.list(deviceResource, {}, signal);
    const missing = items.flatMap((item) => missingFrom(mdevDeviceSchema.parse(item), bootID));
    if (missing.length === 0 || clock.monotonic() >= end) return missing;
    await sleep(clock, interval, signal);
  }
}

/** Undefined where the kernel cannot be asked now, in which no device is ready. */
async function bootOf(provider: WaitInit['provider'], signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await provider.info(signal)).bootID;
  } catch (error) {
    if (error instanceof ProviderError) return undefined;
    throw error;
  }
}

/** What was said in another boot is true no more. */
function missingFrom({ metadata, status }: MdevDevice, bootID: string | undefined): string[] {
  if (metadata.deletionTimestamp !== undefined) return [];
  const ready = findCondition(status?.conditions, 'Ready');
  const asSpecified = ready?.status === 'True' || ready?.reason === 'Offline';
  if (asSpecified && bootID !== undefined && status?.vfio?.bootID === bootID) return [];
  return [`${metadata.namespace ?? ''}/${metadata.name} (${asSpecified ? 'of another boot' : (ready?.reason ?? 'not looked at yet')})`];
}
