import type { MdevParent } from '../api/mdev-parent.ts';
import { capacityModel, remaining } from '../controller/capacity.ts';
import { MdevBus } from '../emulator/mdev/bus.ts';
import type { Availability, MdevIdentity, ParentOps } from '../emulator/mdev/driver.ts';
import type { Clock } from '../lib/clock.ts';
import { ErrnoError } from '../lib/errno.ts';

/** The emulated kernel's bus, with all parents of a cluster on it, each named as its object. */
export async function loadKernel(parents: readonly MdevParent[], clock: Clock, signal: AbortSignal): Promise<MdevBus> {
  const bus = new MdevBus({ clock, report: () => undefined, power: signal });
  for (const parent of parents) await load(bus, parent);
  return bus;
}

/** A parent with what its status shows: its types, what is left of them, and the devices that exist. */
async function load(bus: MdevBus, { metadata, status }: MdevParent): Promise<void> {
  const { name } = metadata;
  const devices = status?.devices ?? [];
  bus.registerParent({ name, driver: status?.driver ?? 'unknown', ops: driverOf(status, new Set(devices.map(({ uuid }) => uuid))) });
  const types = new Set((status?.supportedTypes ?? []).map(({ id }) => id));
  for (const { uuid, typeID } of devices) if (types.has(typeID)) await bus.create(name, typeID, uuid);
}

/**
 * A driver that has left what a status says is left, and whose types limit each other as it says. `counted`: the UUIDs of devices that this
 * has been reckoned with already.
 */
function driverOf(status: MdevParent['status'], counted: ReadonlySet<string>): ParentOps {
  const model = capacityModel(status);
  const made = new Map<string, number>();
  const available = (typeID: string): Availability => {
    const count = remaining(model, made, typeID);
    return count > 0 ? { count } : { count, reason: `no ${typeID} is left` };
  };
  const count = ({ typeID }: MdevIdentity, by: 1 | -1): void => void made.set(typeID, (made.get(typeID) ?? 0) + by);
  return {
    types: (status?.supportedTypes ?? []).map(({ id, name, deviceAPI, maxInstances }) => ({
      id,
      name: name ?? id,
      deviceAPI: deviceAPI ?? 'vfio-pci',
      ...(maxInstances !== undefined && { maxInstances }),
    })),
    sharing: status?.sharing === undefined || status.sharing === 'Unknown' ? 'Slots' : status.sharing,
    takesParams: status?.features?.includes('Params') ?? true,
    removeWhileOpen: 'block',
    available,
    create: async (mdev) => {
      if (counted.has(mdev.uuid)) return;
      const { reason } = available(mdev.typeID);
      if (reason !== undefined) throw new ErrnoError('ENOSPC', reason);
      count(mdev, 1);
    },
    remove: async (mdev) => count(mdev, -1),
  };
}
