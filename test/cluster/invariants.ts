/**
 * "Nothing lost, nothing doubled", judged by who took no part: the objects as the API server has them, against the hosts as they are,
 * whatever an agent believes or reports.
 */
import { findCondition } from '../../src/api/condition.ts';
import type { MdevDevice } from '../../src/api/mdev-device.ts';
import type { MdevParent, ParentDevice } from '../../src/api/mdev-parent.ts';
import { parentObjectName } from '../../src/api/parent-name.ts';
import { keyOf } from '../../src/kube/resource.ts';
import type { HostDevice, HostState } from '../../src/provider/host/contract.ts';

export interface HostView {
  readonly node: string;
  readonly state: HostState;
  /** The devices on it that others made: by the profile, or by a test's hand. */
  readonly foreign: ReadonlySet<string>;
  /** The UUIDs of the agent's ownership records; undefined where nobody has looked. */
  readonly records?: ReadonlySet<string>;
}

export interface ClusterView {
  readonly devices: readonly MdevDevice[];
  readonly parents: readonly MdevParent[];
  readonly hosts: readonly HostView[];
}

/** A device with the node that it is on. */
interface Placed {
  readonly host: HostView;
  readonly device: HostDevice;
}

function isReady({ status }: MdevDevice): boolean {
  return findCondition(status?.conditions, 'Ready')?.status === 'True';
}

function all({ hosts }: ClusterView): Placed[] {
  return hosts.flatMap((host) => host.state.devices.map((device) => ({ host, device })));
}

function managed(view: ClusterView): Placed[] {
  return all(view).filter(({ host, device }) => !host.foreign.has(device.id));
}

function objectNameOf({ host, device }: Placed): string {
  return parentObjectName(host.node, device.parent);
}

function reportOf(placed: Placed, { parents }: ClusterView): ParentDevice | undefined {
  const parent = parents.find(({ metadata }) => metadata.name === objectNameOf(placed));
  return parent?.status?.devices?.find(({ uuid }) => uuid === placed.device.id);
}

function ownersOf({ host, device }: Placed, { devices }: ClusterView): MdevDevice[] {
  return devices.filter(({ status }) => status?.uuid === device.id && status.allocation?.nodeName === host.node && isCreated(status));
}

function isCreated(status: NonNullable<MdevDevice['status']>): boolean {
  return findCondition(status.conditions, 'Created')?.status === 'True';
}

/** True at any moment, whatever is going on: no UUID is on two hosts. */
export function doubledUUIDs(view: ClusterView): string[] {
  const byUUID = Map.groupBy(managed(view), ({ device }) => device.id);
  return [...byUUID].flatMap(([uuid, places]) =>
    places.length > 1 ? [`UUID ${uuid} is on ${places.map(({ host }) => host.node).join(' and ')}`] : [],
  );
}

function readyObjects(view: ClusterView): string[] {
  const taken = new Map<string, string>();
  return view.devices.filter(isReady).flatMap((object) => {
    const name = keyOf(object.metadata);
    const { uuid = 'no UUID', allocation } = object.status ?? {};
    const other = taken.get(uuid);
    taken.set(uuid, name);
    if (other !== undefined) return [`${name} and ${other} are Ready with one UUID ${uuid}`];
    const found = all(view).filter(({ device }) => device.id === uuid);
    const [place] = found;
    if (place === undefined || found.length > 1) return [`${name} is Ready, and ${found.length} devices have its UUID ${uuid}`];
    const { host, device } = place;
    const is = `${device.typeID} on ${objectNameOf(place)} of ${host.node}`;
    const says = `${allocation?.typeID ?? ''} on ${allocation?.parentName ?? ''} of ${allocation?.nodeName ?? ''}`;
    if (is !== says) return [`${name} is Ready as ${says}, and its device ${uuid} is ${is}`];
    return device.state === 'live' ? [] : [`${name} is Ready, and its device ${uuid} is ${device.state}`];
  });
}

function managedDevices(view: ClusterView): string[] {
  return managed(view).flatMap((placed) => {
    const { host, device } = placed;
    const owners = ownersOf(placed, view);
    const report = reportOf(placed, view);
    if (owners.length === 1) return [];
    if (owners.length === 0 && report?.orphaned === true) return [];
    const names = owners.map(({ metadata }) => keyOf(metadata)).join(', ');
    return [
      `device ${device.id} on ${device.parent} of ${host.node} belongs to ${owners.length} objects ${names}, and is not reported as orphaned`,
    ];
  });
}

function counts(view: ClusterView): string[] {
  const devices = managed(view);
  const orphans = devices.filter((placed) => ownersOf(placed, view).length === 0).length;
  const created = view.devices.filter(({ status }) => status !== undefined && isCreated(status)).length;
  return devices.length === created + orphans
    ? []
    : [`${devices.length} devices are on the hosts, for ${created} objects and ${orphans} orphans`];
}

/** What an MdevParent says of its host, in a form that can be compared. */
function parentReports(view: ClusterView): string[] {
  return view.hosts.flatMap((host) =>
    host.state.parents.flatMap((parent) => {
      const name = parentObjectName(host.node, parent.name);
      const object = view.parents.find(({ metadata }) => metadata.name === name);
      if (object === undefined) return parent.state === 'unloaded' ? [] : [`there is no MdevParent ${name}`];
      if (parent.state === 'unloaded') return [];
      const found: string[] = [];
      const compare = (what: string, said: readonly string[], is: readonly string[]): void => {
        const wrong = new Set(said).symmetricDifference(new Set(is));
        if (wrong.size > 0) found.push(`${name} differs from its host in its ${what}: ${[...wrong].sort().join(', ')}`);
      };
      const types = object.status?.supportedTypes ?? [];
      const typeText = (type: { id: string; availableInstances: number; instances: number }): string =>
        `${type.id} with ${type.instances} and ${type.availableInstances} left`;
      compare('types', types.map(typeText), parent.types.map(typeText));
      const on = host.state.devices.filter((device) => device.parent === parent.name);
      const kindOf = (uuid: string): string => (host.foreign.has(uuid) ? 'of somebody else' : 'of ours');
      compare(
        'devices',
        (object.status?.devices ?? []).map(({ uuid, owner }) => `${uuid} ${owner === undefined ? 'of somebody else' : 'of ours'}`),
        on.map(({ id }) => `${id} ${kindOf(id)}`),
      );
      return found;
    }),
  );
}

function records(view: ClusterView): string[] {
  return view.hosts.flatMap((host) => {
    if (host.records === undefined) return [];
    const owned = new Set(host.state.devices.flatMap(({ id }) => (host.foreign.has(id) ? [] : id)));
    const wrong = owned.symmetricDifference(host.records);
    return wrong.size === 0 ? [] : [`on ${host.node} devices and ownership records differ in ${[...wrong].sort().join(', ')}`];
  });
}

function foreigners(view: ClusterView): string[] {
  return view.hosts.flatMap(({ node, state, foreign }) =>
    [...foreign]
      .filter((uuid) => !state.devices.some(({ id }) => id === uuid))
      .map((uuid) => `device ${uuid} of somebody else is gone from ${node}`),
  );
}

/** Everything that is wrong once all have come to rest; nothing, if nothing is lost or doubled. */
export function differences(view: ClusterView): string[] {
  return [doubledUUIDs, readyObjects, managedDevices, counts, parentReports, records, foreigners].flatMap((check) => check(view));
}
