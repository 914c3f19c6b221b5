import type { Claim, MdevBus } from '../../emulator/mdev/bus.ts';
import { ProviderError } from '../contract.ts';
import { toProviderError } from './ask.ts';

/**
 * Claims the device's group, so that nobody can open it, and removes it while holding the claim.
 * @throws ProviderError EBUSY at step `claim`; ENOENT, EAGAIN or what the driver refuses with at step `remove`
 */
export async function removeClaimed(bus: MdevBus, uuid: string): Promise<void> {
  const device = bus.device(uuid);
  if (device === undefined) throw new ProviderError('ENOENT', 'remove', `There is no mdev ${uuid}`);
  // Not live: there is nothing to claim, and `remove` says whether it is being created or removed.
  const claim = device.state === 'live' ? claimGroup(bus, uuid, device.group) : undefined;
  try {
    await bus.remove(uuid);
  } catch (error) {
    throw toProviderError(error, 'remove');
  } finally {
    claim?.release();
  }
}

/** Undefined for a device without group: nobody can open it. */
function claimGroup(bus: MdevBus, uuid: string, group: number | undefined): Claim | undefined {
  if (group === undefined) return undefined;
  try {
    return bus.claim(uuid);
  } catch (error) {
    throw toProviderError(error, 'claim');
  }
}
