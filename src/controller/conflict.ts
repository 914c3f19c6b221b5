import type { MdevDevice } from '../api/mdev-device.ts';
import { byAge, standingAllocation } from './world.ts';

/**
 * Whether `device` claims a UUID at all: one that is being deleted and was never put anywhere does not.
 */
function claims(device: MdevDevice): boolean {
  return device.metadata.deletionTimestamp === undefined || standingAllocation(device) !== undefined;
}

/** Within one second the one that has a place keeps it: its device may exist. */
function byClaim(a: MdevDevice, b: MdevDevice): number {
  if (a.metadata.creationTimestamp === b.metadata.creationTimestamp) {
    const places = Number(standingAllocation(a) === undefined) - Number(standingAllocation(b) === undefined);
    if (places !== 0) return places;
  }
  return byAge(a, b);
}

/**
 * Of several objects with one UUID the oldest wins (creationTimestamp, then UID).
 * @param same all objects with the UUID of `device`, itself included or not
 * @returns the winner, if it is another one
 */
export function conflictWinner(device: MdevDevice, same: readonly MdevDevice[]): MdevDevice | undefined {
  const rivals = same.filter((other) => other.metadata.uid !== device.metadata.uid && claims(other));
  const [winner] = [device, ...rivals].sort(byClaim);
  return winner === device ? undefined : winner;
}
