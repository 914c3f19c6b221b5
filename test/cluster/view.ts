/** Reads what the invariants are judged by: the objects, and each host past its agent. */
import { pino } from 'pino';
import { listOwned } from '../../src/agent/admin.ts';
import { mdevDeviceSchema } from '../../src/api/mdev-device.ts';
import { mdevParentSchema } from '../../src/api/mdev-parent.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { deviceResource, parentResource } from '../../src/kube/resource.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { RemoteHostControl } from '../../src/provider/host/client.ts';
import type { HostState } from '../../src/provider/host/contract.ts';
import { listAll } from '../support/cluster-client.ts';
import type { ClusterView, HostView } from './invariants.ts';

/** A host that can be looked at. */
export interface Host {
  readonly node: string;
  readonly foreign: ReadonlySet<string>;
  /** Of its agent. */
  readonly dataDir: string;
  state(): Promise<HostState>;
}

/** The state of the host behind an emulator's socket. */
export async function stateBehind(socketPath: string): Promise<HostState> {
  const control = new RemoteHostControl({ socketPath, clock: systemClock, log: pino({ level: 'silent' }) });
  try {
    return await control.state(AbortSignal.timeout(10_000));
  } finally {
    control.close();
  }
}

/** All as of now. The hosts are read after the objects, so that what comes to be in between looks like more, never like less. */
export async function readView(client: KubeClient, hosts: readonly Host[]): Promise<ClusterView> {
  const signal = AbortSignal.timeout(20_000);
  const { objects: parents } = await listAll(client, parentResource, signal);
  const { objects: devices } = await listAll(client, deviceResource, signal);
  return {
    parents: [...parents.values()].map((object) => mdevParentSchema.parse(object)),
    devices: [...devices.values()].map((object) => mdevDeviceSchema.parse(object)),
    hosts: await Promise.all(hosts.map(viewOf)),
  };
}

export async function viewOf(host: Host): Promise<HostView> {
  const owned = await listOwned(host.dataDir);
  return { node: host.node, foreign: host.foreign, records: new Set(owned.map(({ uuid }) => uuid)), state: await host.state() };
}
