import type { DeviceStatus } from '../api/mdev-device.ts';
import type { Pinned } from '../provider/contract.ts';

/**
 * What status says of pins: coarsely, so that a user that pins and unpins all day makes no stream of writes. What is published stays
 * while there are pages pinned (or bytes locked, where the kernel tells those only) as before, or none as before, and less than twice as many or more than half.
 */
export function coarsePinned(published: DeviceStatus['pinned'], now: Pinned | undefined): DeviceStatus['pinned'] {
  if (now === undefined) return undefined;
  return published !== undefined && published.limitBytes === now.limitBytes && isNear(amount(published), amount(now)) ? published : now;
}

/** What is compared: the device's own pages, where the kernel tells them. */
function amount({ pages, lockedBytes }: NonNullable<DeviceStatus['pinned']>): number {
  return pages ?? lockedBytes;
}

function isNear(before: number, after: number): boolean {
  return before === after || (after > 0 && before > 0 && after < 2 * before && before < 2 * after);
}
