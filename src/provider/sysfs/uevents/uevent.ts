/** What the kernel tells of a device, as far as it concerns mdevs: an mdev that comes, goes or is bound; a parent that registers or not. */
export interface Uevent {
  readonly action: string;
  /** Below /sys, such as /devices/virtual/mtty/mtty/UUID. */
  readonly devpath: string;
  readonly subsystem: string;
  /** `registered` or `unregistered`, of a parent. */
  readonly mdevState?: string;
}

/** Reads one message of the kernel: `action@devpath`, then `KEY=value`, each ended by a NUL. Undefined for what is none, as udev's are. */
export function parseUevent(message: Uint8Array): Uevent | undefined {
  const [head = '', ...fields] = Buffer.from(message).toString('utf8').split('\0');
  if (!head.includes('@')) return undefined;
  const value = (key: string): string | undefined => fields.find((field) => field.startsWith(`${key}=`))?.slice(key.length + 1);
  const [action, devpath, subsystem, mdevState] = ['ACTION', 'DEVPATH', 'SUBSYSTEM', 'MDEV_STATE'].map(value);
  if (action === undefined || devpath === undefined || subsystem === undefined) return undefined;
  return { action, devpath, subsystem, ...(mdevState !== undefined && { mdevState }) };
}

/** Whether it concerns mdevs at all. */
export function isOfMdev({ subsystem, mdevState }: Uevent): boolean {
  return subsystem === 'mdev' || mdevState !== undefined;
}
