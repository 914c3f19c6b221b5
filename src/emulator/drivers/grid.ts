/** A homogeneous parent as NVIDIA GRID is one: the first device fixes the type until the last one goes. */
import { ErrnoError } from '../../lib/errno.ts';
import type { Attribute, Availability, ParentOps, RemoveWhileOpen, TypeInit } from '../mdev/driver.ts';
import type { Commitment } from './commitment.ts';
import { commitmentOps, showCommitment } from './commitment.ts';
import { DeviceTable } from './device-table.ts';
import { line } from './text.ts';

export interface GridType {
  readonly id: string;
  readonly name: string;
  /** How many fit on the parent. */
  readonly instances: number;
  readonly heads: number;
  /** Frames a second. */
  readonly frameRateLimit: number;
  readonly framebufferMiB: number;
  /** Width x height, such as 2560x1600. */
  readonly maxResolution: string;
}

export interface GridConfig {
  readonly types: readonly GridType[];
  readonly requiresGroup: boolean;
  readonly online: boolean;
  readonly removeWhileOpen: RemoveWhileOpen;
}

interface GridDevice extends Commitment {
  readonly typeID: string;
  /** What the plugin of the virtual GPU is told. */
  vgpuParams: string;
  vmName: string;
}

const vgpuParams =
  /^(frame_rate_limiter|disable_vnc|disable_console_vnc)=[01](, *(frame_rate_limiter|disable_vnc|disable_console_vnc)=[01])*$/;

export function gridDriver(config: GridConfig): ParentOps {
  const types = new Map(config.types.map((type) => [type.id, type]));
  const devices = new DeviceTable<GridDevice>();
  /** The type of all devices there are. */
  let fixed: GridType | undefined;

  const available = (typeID: string): Availability => {
    const type = types.get(typeID);
    if (type === undefined) return { count: 0, reason: `the parent has no type ${typeID}` };
    if (fixed !== undefined && fixed !== type) {
      return { count: 0, reason: `the parent holds ${fixed.name} devices; other types return when the last is removed` };
    }
    const count = type.instances - devices.size;
    return count > 0 ? { count } : { count, reason: `all ${type.instances} instances of ${type.name} exist` };
  };

  return {
    types: config.types.map((type) => describe(type, config.requiresGroup)),
    sharing: 'Exclusive',
    takesParams: true,
    removeWhileOpen: config.removeWhileOpen,
    available,
    create: async (mdev) => {
      const { typeID, params } = mdev;
      const { count, reason } = available(typeID);
      if (count === 0) throw new ErrnoError('ENOSPC', `no instance of ${typeID} is available: ${reason ?? ''}`);
      fixed = types.get(typeID);
      devices.add(mdev, { typeID, vgpuParams: params ?? '', vmName: '', online: false, open: false });
    },
    remove: async (mdev) => {
      devices.take(mdev);
      if (devices.size === 0) fixed = undefined;
    },
    deviceAttributes: (mdev) => gridAttributes(devices.get(mdev)),
    ...commitmentOps((mdev) => devices.get(mdev), config.online),
  };
}

function describe(type: GridType, requiresGroup: boolean): TypeInit {
  const { id, name, instances, heads, frameRateLimit, framebufferMiB, maxResolution } = type;
  return {
    id,
    name,
    description: `${framebufferMiB} MiB of framebuffer, ${heads} heads of at most ${maxResolution}, ${frameRateLimit} frames a second`,
    deviceAPI: 'vfio-pci',
    requiresGroup,
    maxInstances: instances,
    attributes: {
      num_heads: String(heads),
      frl_config: String(frameRateLimit),
      framebuffer: `${framebufferMiB}M`,
      max_resolution: maxResolution,
    },
  };
}

function gridAttributes(device: GridDevice): Attribute[] {
  return [
    {
      name: 'nvidia/vgpu_params',
      read: () => device.vgpuParams,
      write: (text) => {
        const value = line(text);
        if (!vgpuParams.test(value)) {
          throw new ErrnoError(
            'EINVAL',
            `nvidia/vgpu_params takes frame_rate_limiter, disable_vnc and disable_console_vnc, each =0 or =1, with commas between`,
          );
        }
        device.vgpuParams = value;
      },
    },
    {
      name: 'nvidia/vm_name',
      read: () => device.vmName,
      write: (text) => {
        const value = line(text);
        if (value.length > 63) throw new ErrnoError('EINVAL', 'nvidia/vm_name takes at most 63 characters');
        device.vmName = value;
      },
    },
    { name: 'nvidia/resources', read: () => showCommitment(device) },
  ];
}
