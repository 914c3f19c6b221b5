import { deviceName } from './names.ts';

/** One device of a set, as far as planning looks at it. */
export interface SetDevice {
  readonly name: string;
  readonly uid: string;
  /** Of its pool. */
  readonly pool: string;
  readonly ordinal: number;
  readonly deleting: boolean;
  /** Ready, or offline as the template says; Unknown where its node does not report. */
  readonly ready: 'True' | 'False' | 'Unknown';
  readonly inUse: boolean;
  /** It differs from the template in what cannot be changed. */
  readonly outdated: boolean;
  /** Its node is gone or out of service for good, so that it shall be made elsewhere. */
  readonly lost: boolean;
  /** What to merge into it to make it as the template says. */
  readonly change?: object | undefined;
}

/** Devices that are counted together: all of a set, or those of a node. */
export interface Pool {
  /** The node; empty for a set that is not by node. */
  readonly key: string;
  /** What its devices' names begin with. */
  readonly stem: string;
  readonly wanted: number;
  /** Devices in use stay though there are too many: nobody asked for fewer. */
  readonly keepsUsed: boolean;
  /** Devices may be replaced: what is removed here can be made again. */
  readonly open: boolean;
}

/** An object that has a name of the set and is not of the set, though it may have been. */
export interface Stranger {
  readonly name: string;
  readonly pool: string;
  readonly ordinal: number;
  readonly uid: string;
  /** It is being deleted, or its set is gone and it will be. */
  readonly leaving: boolean;
}

export interface SetSituation {
  /** Sorted by key. */
  readonly pools: readonly Pool[];
  readonly devices: readonly SetDevice[];
  /** The object at a name, if it is not of the set. */
  readonly stranger: (name: string) => Pick<Stranger, 'leaving'> | undefined;
  /** Those that may be taken over. */
  readonly adoptable: readonly Stranger[];
  readonly maxUnavailable: number;
}

export type SetAction =
  | { readonly type: 'Create'; readonly name: string; readonly pool: string }
  | { readonly type: 'Adopt'; readonly name: string; readonly uid: string }
  | { readonly type: 'Delete'; readonly name: string; readonly uid: string; readonly why: 'Excess' | 'Lost' | 'Outdated' }
  | { readonly type: 'Change'; readonly name: string; readonly uid: string; readonly change: object };

export interface SetPlan {
  readonly actions: readonly SetAction[];
  /** Names that devices of the set should have and strangers have. */
  readonly taken: readonly string[];
  /** The same, of strangers that are about to go. */
  readonly awaited: readonly string[];
}

/**
 * What to do about a set, decided from all of it at once. A device that is being deleted keeps its place until it is gone, so
 * there are never more than wanted; names are the lowest free ones.
 */
export function planSet(situation: SetSituation): SetPlan {
  const leaving = new Map<string, SetAction & { type: 'Delete' }>();
  const leave = (device: SetDevice, why: 'Excess' | 'Lost' | 'Outdated'): void =>
    void leaving.set(device.name, { type: 'Delete', name: device.name, uid: device.uid, why });
  const byPool = Map.groupBy(situation.devices, ({ pool }) => pool);
  for (const pool of situation.pools) {
    const live = (byPool.get(pool.key) ?? []).filter(({ deleting }) => !deleting);
    for (const device of live) if (device.lost) leave(device, 'Lost');
    const standing = live.filter(({ lost }) => !lost);
    for (const device of excess(pool, standing)) leave(device, 'Excess');
  }
  for (const device of replaceable(situation, (name) => leaving.has(name))) leave(device, 'Outdated');
  const made = situation.pools.map((pool) => fill(pool, byPool.get(pool.key) ?? [], situation));
  const changes = situation.devices.flatMap(({ name, uid, change, deleting }): SetAction[] =>
    change === undefined || deleting || leaving.has(name) ? [] : [{ type: 'Change', name, uid, change }],
  );
  return {
    actions: [...leaving.values(), ...changes, ...made.flatMap(({ actions }) => actions)],
    taken: made.flatMap(({ taken }) => taken),
    awaited: made.flatMap(({ awaited }) => awaited),
  };
}

/** The last first: those that go first when some have to. */
function byOrdinalDown(a: SetDevice, b: SetDevice): number {
  return b.ordinal - a.ordinal;
}

/** Those too many: unused ones first, then the highest ordinals. */
function excess({ wanted, keepsUsed }: Pool, standing: readonly SetDevice[]): SetDevice[] {
  const order = standing.toSorted((a, b) => Number(a.inUse) - Number(b.inUse) || byOrdinalDown(a, b));
  return order.slice(0, Math.max(0, standing.length - wanted)).filter(({ inUse }) => !(keepsUsed && inUse));
}

/**
 * Devices of an earlier template to be replaced now: none in use and none whose node does not report. Those that are not Ready
 * cost nothing; of the others as many as leave at most maxUnavailable of the wanted devices not Ready.
 */
function replaceable(situation: SetSituation, isLeaving: (name: string) => boolean): SetDevice[] {
  const open = new Set(situation.pools.filter((pool) => pool.open).map(({ key }) => key));
  const staying = situation.devices.filter(({ name, deleting }) => !deleting && !isLeaving(name));
  const old = staying.filter(({ outdated, inUse, ready, pool }) => outdated && !inUse && ready !== 'Unknown' && open.has(pool));
  const wanted = situation.pools.reduce((sum, pool) => sum + pool.wanted, 0);
  const ready = situation.pools.reduce((sum, pool) => {
    const here = staying.filter((device) => device.pool === pool.key && device.ready === 'True').length;
    return sum + Math.min(here, pool.wanted);
  }, 0);
  const budget = Math.max(0, situation.maxUnavailable - (wanted - ready));
  const last = (devices: readonly SetDevice[]): SetDevice[] => devices.toSorted(byOrdinalDown);
  return [
    ...last(old.filter((device) => device.ready === 'False')),
    ...last(old.filter((device) => device.ready === 'True')).slice(0, budget),
  ];
}

/** Takes over and creates what a pool lacks. */
function fill(
  pool: Pool,
  own: readonly SetDevice[],
  situation: SetSituation,
): { actions: SetAction[]; taken: string[]; awaited: string[] } {
  const actions: SetAction[] = [];
  const taken: string[] = [];
  const awaited: string[] = [];
  let lacking = pool.wanted - own.length;
  for (const { name, uid } of situation.adoptable
    .filter((stranger) => stranger.pool === pool.key)
    .toSorted((a, b) => a.ordinal - b.ordinal)) {
    if (lacking <= 0) break;
    actions.push({ type: 'Adopt', name, uid });
    lacking -= 1;
  }
  const present = new Set([...own.map(({ name }) => name), ...actions.map(({ name }) => name)]);
  for (let ordinal = 0; lacking > 0; ordinal += 1) {
    const name = deviceName(pool.stem, ordinal);
    if (present.has(name)) continue;
    const stranger = situation.stranger(name);
    if (stranger === undefined) actions.push({ type: 'Create', name, pool: pool.key });
    else (stranger.leaving ? awaited : taken).push(name);
    lacking -= 1;
  }
  return { actions, taken, awaited };
}
