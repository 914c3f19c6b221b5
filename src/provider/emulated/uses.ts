import type { EmulatedHost } from '../../emulator/host.ts';
import type { DeviceSnapshot } from '../../emulator/mdev/snapshot.ts';
import type { Pinned, PinRefusal, Users } from '../contract.ts';
import { groupMembers } from './group.ts';

/** What of the host tells who uses a device, and what is pinned for it. Hosts that show their devices to no program have the first only. */
export type UseSource = Pick<EmulatedHost, 'bus'> & Partial<Pick<EmulatedHost, 'uses' | 'refusal'>>;

/** What is pinned for each device that a program has open, by UUID. */
export async function pinnedByDevice(host: UseSource): Promise<ReadonlyMap<string, Pinned>> {
  const uses = (await host.uses?.()) ?? [];
  return new Map(
    uses.map(({ uuid, pages, lockedBytes, limitBytes }) => [uuid, { pages, lockedBytes, ...(limitBytes !== undefined && { limitBytes }) }]),
  );
}

/** Who has the device, or another of its group, open: nobody else can open it, nor can it be claimed. */
export function knownUsers(host: UseSource, device: DeviceSnapshot): Users['known'] {
  const users = groupMembers(host.bus, device).flatMap((member) => member.users);
  return [...new Map(users.map(({ pid, comm }) => [pid, { pid, comm }])).values()];
}

/** All of it in the contract's words. */
export function toUsers(
  host: UseSource,
  { uuid }: DeviceSnapshot,
  known: Users['known'],
  pinned: ReadonlyMap<string, Pinned> | undefined,
): Users {
  const own = pinned?.get(uuid);
  const refused = refusalOf(host, uuid);
  return { inUse: known.length > 0, known, ...(own !== undefined && { pinned: own }), ...(refused !== undefined && { refused }) };
}

function refusalOf(host: UseSource, uuid: string): PinRefusal | undefined {
  const refusal = host.refusal?.(uuid);
  if (refusal === undefined) return undefined;
  const { number, user, lockedBytes, limitBytes, wantedBytes } = refusal;
  return { number, pid: user.pid, comm: user.comm, lockedBytes, limitBytes, wantedBytes };
}
