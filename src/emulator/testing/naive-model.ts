/**
 * What an emulated host must answer and show, told without looking at its code: a flat list of devices, every count taken by going
 * through it. The profile in `host.model.test.ts` must describe the same hardware as `hardware` here.
 */
export interface ModelDevice {
  readonly uuid: string;
  readonly parent: string;
  readonly type: string;
  state: 'live' | 'removing';
  online: boolean;
  /** Pids of its opens, one entry each. */
  opens: number[];
  /** Devices with the same text are in one group. */
  group: string;
}

interface Hardware {
  readonly types: Readonly<Record<string, { readonly needs: number; readonly limit?: number }>>;
  readonly room: number;
  readonly oneTypeOnly: boolean;
  readonly fullErrno: string;
  readonly removeOpen: 'block' | 'refuse';
  readonly online: boolean;
  readonly peers: boolean;
}

export const hardware: Readonly<Record<string, Hardware>> = {
  gpu: {
    types: { big: { needs: 0, limit: 1 }, middle: { needs: 0, limit: 2 }, small: { needs: 0, limit: 3 } },
    room: 0,
    oneTypeOnly: true,
    fullErrno: 'ENOSPC',
    removeOpen: 'block',
    online: true,
    peers: true,
  },
  pool: {
    types: { p128: { needs: 128 }, p256: { needs: 256 }, p512: { needs: 512 } },
    room: 640,
    oneTypeOnly: false,
    fullErrno: 'ENOSPC',
    removeOpen: 'refuse',
    online: true,
    peers: false,
  },
  mtty: {
    types: { 'mtty-1': { needs: 1 }, 'mtty-2': { needs: 2 } },
    room: 5,
    oneTypeOnly: false,
    fullErrno: 'ENOSPC',
    removeOpen: 'block',
    online: false,
    peers: false,
  },
  io: {
    types: { 'vfio_ccw-io': { needs: 1 } },
    room: 1,
    oneTypeOnly: false,
    fullErrno: 'EUSERS',
    removeOpen: 'refuse',
    online: false,
    peers: false,
  },
  matrix: {
    types: { 'vfio_ap-passthrough': { needs: 1 } },
    room: 2,
    oneTypeOnly: false,
    fullErrno: 'EUSERS',
    removeOpen: 'block',
    online: false,
    peers: false,
  },
};

/** `ok`, `waits`, or the name of an errno. */
export type Answer = string;

export class NaiveModel {
  devices: ModelDevice[] = [];
  readonly loaded = new Set(Object.keys(hardware));
  readonly leaving = new Set<string>();
  readonly claims = new Set<string>();
  #made = 0;

  available(parent: string, type: string): number {
    const plan = hardware[parent];
    const wanted = plan?.types[type];
    if (plan === undefined || wanted === undefined || this.leaving.has(parent)) return 0;
    const mine = this.devices.filter((device) => device.parent === parent);
    if (plan.oneTypeOnly && mine.some((device) => device.type !== type)) return 0;
    if (wanted.limit !== undefined) return wanted.limit - mine.length;
    let used = 0;
    for (const device of mine) used += plan.types[device.type]?.needs ?? NaN;
    let count = 0;
    while ((count + 1) * wanted.needs <= plan.room - used) count++;
    return count;
  }

  instances(parent: string, type: string): number {
    return this.devices.filter((device) => device.parent === parent && device.type === type).length;
  }

  create(parent: string, type: string, uuid: string | undefined): Answer {
    const plan = hardware[parent];
    if (plan === undefined || !this.loaded.has(parent) || !(type in plan.types)) return 'ENOENT';
    if (uuid === undefined) return 'EINVAL';
    if (this.find(uuid) !== undefined) return 'EEXIST';
    if (this.leaving.has(parent)) return 'ENODEV';
    if (this.available(parent, type) === 0) return plan.fullErrno;
    this.devices.push({ uuid, parent, type, state: 'live', online: false, opens: [], group: `own ${++this.#made}` });
    return 'ok';
  }

  remove(uuid: string): Answer {
    const device = this.find(uuid);
    if (device === undefined || device.state === 'removing') return 'ENOENT';
    if (device.opens.length === 0) {
      this.#drop(device);
      return 'ok';
    }
    if (hardware[device.parent]?.removeOpen === 'refuse') return 'EBUSY';
    device.state = 'removing';
    return 'waits';
  }

  setOnline(uuid: string, text: string): Answer {
    const device = this.find(uuid);
    if (device?.state !== 'live') return 'ENOENT';
    if (hardware[device.parent]?.online !== true) return 'EOPNOTSUPP';
    if (!['0', '1', '0\n', '1\n'].includes(text)) return 'EINVAL';
    const online = text.startsWith('1');
    if (device.online && !online && device.opens.length > 0) return 'EBUSY';
    device.online = online;
    return 'ok';
  }

  open(uuid: string, pid: number): Answer {
    const device = this.find(uuid);
    if (device === undefined) return 'ENOENT';
    if (device.state !== 'live') return 'ENODEV';
    if (this.claims.has(device.group)) return 'EBUSY';
    if (this.#userOf(device.group) !== undefined && this.#userOf(device.group) !== pid) return 'EBUSY';
    device.opens.push(pid);
    return 'ok';
  }

  /** Closes the oldest open; a removal or an unload that waited for it may end by this. */
  close(uuid: string): void {
    const device = this.find(uuid);
    if (device === undefined) throw new Error(`the model knows no ${uuid}`);
    device.opens.shift();
    if (device.opens.length === 0 && device.state === 'removing') this.#drop(device);
  }

  claim(uuid: string): Answer {
    const device = this.find(uuid);
    if (device === undefined) return 'ENOENT';
    if (device.state !== 'live') return 'ENODEV';
    if (this.#busy(device.group)) return 'EBUSY';
    this.claims.add(device.group);
    return 'ok';
  }

  setPeer(uuid: string, peer: string): Answer {
    const device = this.find(uuid);
    if (device?.state !== 'live' || hardware[device.parent]?.peers !== true) return 'ENOENT';
    if (device.group === peer) return 'ok';
    if (this.#busy(device.group) || this.#busy(peer)) return 'EBUSY';
    device.group = peer;
    return 'ok';
  }

  unload(parent: string): Answer {
    if (!this.loaded.has(parent)) return 'ENOENT';
    if (this.leaving.has(parent)) return 'ENODEV';
    this.leaving.add(parent);
    for (const device of this.devices.filter((candidate) => candidate.parent === parent)) {
      if (device.opens.length === 0) this.#drop(device);
      else device.state = 'removing';
    }
    this.#finishLeaving(parent);
    return this.leaving.has(parent) ? 'waits' : 'ok';
  }

  load(parent: string): Answer {
    if (!(parent in hardware)) return 'ENOENT';
    if (this.loaded.has(parent)) return 'EEXIST';
    this.loaded.add(parent);
    return 'ok';
  }

  find(uuid: string): ModelDevice | undefined {
    return this.devices.find((device) => device.uuid === uuid);
  }

  #drop(gone: ModelDevice): void {
    this.devices = this.devices.filter((device) => device !== gone);
    this.#finishLeaving(gone.parent);
  }

  #finishLeaving(parent: string): void {
    if (!this.leaving.has(parent) || this.devices.some((device) => device.parent === parent)) return;
    this.leaving.delete(parent);
    this.loaded.delete(parent);
  }

  #userOf(group: string): number | undefined {
    return this.devices.find((device) => device.group === group && device.opens.length > 0)?.opens[0];
  }

  #busy(group: string): boolean {
    return this.claims.has(group) || this.#userOf(group) !== undefined;
  }
}
