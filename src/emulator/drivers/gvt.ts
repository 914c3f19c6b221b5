/** A pooled parent as Intel GVT-g is one: types share one memory, and take of it what they need. */
import { ErrnoError } from '../../lib/errno.ts';
import type { Attribute, Availability, ParentOps, RemoveWhileOpen, TypeInit } from '../mdev/driver.ts';
import type { Commitment } from './commitment.ts';
import { commitmentOps, showCommitment } from './commitment.ts';
import { DeviceTable } from './device-table.ts';
import { parseUnsigned } from './text.ts';

export interface GvtType {
  readonly id: string;
  readonly name: string;
  readonly memoryMiB: number;
  /** Width x height, such as 1920x1200. */
  readonly resolution: string;
}

export interface GvtConfig {
  /** What all devices share. */
  readonly memoryMiB: number;
  readonly types: readonly GvtType[];
  readonly online: boolean;
  readonly removeWhileOpen: RemoveWhileOpen;
}

interface GvtDevice extends Commitment {
  readonly type: GvtType;
  readonly number: number;
  /** Its share of the engine's time against other devices. */
  weight: number;
}

export function gvtDriver(config: GvtConfig): ParentOps {
  const types = new Map(config.types.map((type) => [type.id, type]));
  const devices = new DeviceTable<GvtDevice>();
  let free = config.memoryMiB;
  let made = 0;

  return {
    types: config.types.map((type) => describe(type, config.memoryMiB)),
    sharing: 'Pooled',
    takesParams: false,
    removeWhileOpen: config.removeWhileOpen,
    attributes: [{ name: 'gvt/free_memory', read: () => `${free}M` }],
    available: (typeID): Availability => {
      const type = types.get(typeID);
      if (type === undefined) return { count: 0, reason: `the parent has no type ${typeID}` };
      const count = Math.floor(free / type.memoryMiB);
      return count > 0
        ? { count }
        : { count, reason: `no free memory: ${free} of ${config.memoryMiB} MiB left, ${type.memoryMiB} MiB needed` };
    },
    create: async (mdev) => {
      const { typeID } = mdev;
      const type = types.get(typeID);
      if (type === undefined) throw new ErrnoError('EINVAL', `the parent has no type ${typeID}`);
      if (type.memoryMiB > free)
        throw new ErrnoError('ENOSPC', `${typeID} needs ${type.memoryMiB} MiB, and ${free} of ${config.memoryMiB} MiB are left`);
      free -= type.memoryMiB;
      devices.add(mdev, { type, number: ++made, weight: 4, online: false, open: false });
    },
    remove: async (mdev) => {
      free += devices.take(mdev).type.memoryMiB;
    },
    deviceAttributes: (mdev) => gvtAttributes(devices.get(mdev)),
    ...commitmentOps((mdev) => devices.get(mdev), config.online),
  };
}

function describe({ id, name, memoryMiB, resolution }: GvtType, pool: number): TypeInit {
  return {
    id,
    name,
    description: `${memoryMiB} MiB of graphics memory, ${resolution}`,
    deviceAPI: 'vfio-pci',
    maxInstances: Math.floor(pool / memoryMiB),
    attributes: { memory: `${memoryMiB}M`, resolution },
  };
}

function gvtAttributes(device: GvtDevice): Attribute[] {
  return [
    { name: 'intel_vgpu/vgpu_id', read: () => String(device.number) },
    {
      name: 'intel_vgpu/weight',
      read: () => String(device.weight),
      write: (text) => {
        const weight = parseUnsigned(text);
        if (weight < 1 || weight > 16) throw new ErrnoError('EINVAL', `intel_vgpu/weight takes 1 to 16, not ${weight}`);
        device.weight = weight;
      },
    },
    { name: 'intel_vgpu/resources', read: () => showCommitment(device) },
  ];
}
