/**
 * The s390 crypto matrix under vfio_ap: an empty device gets its adapters and usage domains by writes to attributes,
 * in any order; each pair of both (an APQN) belongs to one device at a time.
 */
import { ErrnoError } from '../../lib/errno.ts';
import type { Attribute, ParentOps, RemoveWhileOpen } from '../mdev/driver.ts';
import { DeviceTable } from './device-table.ts';
import { parseUnsigned } from './text.ts';

export interface MatrixConfig {
  /** Adapters 0 .. adapters - 1. */
  readonly adapters: number;
  /** Domains 0 .. domains - 1. */
  readonly domains: number;
  readonly instances: number;
  readonly removeWhileOpen: RemoveWhileOpen;
}

interface MatrixDevice {
  readonly adapters: Set<number>;
  readonly domains: Set<number>;
  readonly controlDomains: Set<number>;
  open: boolean;
}

export function matrixDriver(config: MatrixConfig): ParentOps {
  const devices = new DeviceTable<MatrixDevice>();
  const full = `all ${config.instances} instances exist`;

  /** Refuses a device that would share an APQN with another, were it to have these. */
  const refuseShared = (device: MatrixDevice, adapters: ReadonlySet<number>, domains: ReadonlySet<number>): void => {
    for (const other of devices.values()) {
      if (other === device || other.adapters.isDisjointFrom(adapters) || other.domains.isDisjointFrom(domains)) continue;
      throw new ErrnoError('EBUSY', 'another device has a queue of this adapter and domain');
    }
  };

  const attributes = (device: MatrixDevice): Attribute[] => [
    assignment(device, 'assign_adapter', config.adapters, (adapter) => {
      refuseShared(device, new Set([adapter]), device.domains);
      device.adapters.add(adapter);
    }),
    assignment(device, 'unassign_adapter', config.adapters, (adapter) => device.adapters.delete(adapter)),
    assignment(device, 'assign_domain', config.domains, (domain) => {
      refuseShared(device, device.adapters, new Set([domain]));
      device.domains.add(domain);
    }),
    assignment(device, 'unassign_domain', config.domains, (domain) => device.domains.delete(domain)),
    assignment(device, 'assign_control_domain', config.domains, (domain) => device.controlDomains.add(domain)),
    assignment(device, 'unassign_control_domain', config.domains, (domain) => device.controlDomains.delete(domain)),
    { name: 'matrix', read: () => showMatrix(device) },
    { name: 'control_domains', read: () => sorted(device.controlDomains).map(domainText).join('\n') },
  ];

  return {
    types: [{ id: 'vfio_ap-passthrough', name: 'VFIO AP Passthrough Device', deviceAPI: 'vfio-ap', maxInstances: config.instances }],
    sharing: 'Slots',
    takesParams: false,
    removeWhileOpen: config.removeWhileOpen,
    available: () => {
      const count = config.instances - devices.size;
      return count > 0 ? { count } : { count, reason: full };
    },
    create: async (mdev) => {
      if (devices.size >= config.instances) throw new ErrnoError('EUSERS', full);
      devices.add(mdev, { adapters: new Set(), domains: new Set(), controlDomains: new Set(), open: false });
    },
    remove: async (mdev) => {
      devices.take(mdev);
    },
    open: async (mdev) => {
      devices.get(mdev).open = true;
    },
    release: async (mdev) => {
      devices.get(mdev).open = false;
    },
    deviceAttributes: (mdev) => attributes(devices.get(mdev)),
  };
}

/** A write-only file that takes the number of an adapter or domain below `limit`. */
function assignment(device: MatrixDevice, name: string, limit: number, apply: (number: number) => unknown): Attribute {
  return {
    name,
    write: (text) => {
      const number = parseUnsigned(text);
      if (number >= limit) throw new ErrnoError('ENODEV', `${name} takes 0 to ${limit - 1}, not ${number}`);
      if (device.open) throw new ErrnoError('EBUSY', `${name}: the matrix of an open device stays as it is`);
      apply(number);
    },
  };
}

/** One line for each APQN, such as 05.0004; with one side empty, the other alone. */
function showMatrix({ adapters, domains }: MatrixDevice): string {
  const left = sorted(adapters).map((adapter) => adapter.toString(16).padStart(2, '0'));
  const right = sorted(domains).map(domainText);
  if (right.length === 0) return left.map((adapter) => `${adapter}.`).join('\n');
  if (left.length === 0) return right.map((domain) => `.${domain}`).join('\n');
  return left.flatMap((adapter) => right.map((domain) => `${adapter}.${domain}`)).join('\n');
}

function domainText(domain: number): string {
  return domain.toString(16).padStart(4, '0');
}

function sorted(numbers: ReadonlySet<number>): number[] {
  return [...numbers].sort((a, b) => a - b);
}
