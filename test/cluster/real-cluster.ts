/** The clusters that the tests of agent and controller run on, here real ones, where `npm test` gives them embedded API servers. */
import { copyFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient, KubeObject } from '../../src/kube/client.ts';
import {
  classResource,
  deviceResource,
  deviceSetResource,
  eventResource,
  leaseResource,
  namespaceResource,
  nodeResource,
  parentResource,
  type ResourceRef,
} from '../../src/kube/resource.ts';
import { Cluster } from '../agent/cluster.ts';
import { waitForObjects } from '../support/cluster-client.ts';
import { startControlPlane } from './control-plane.ts';
import { installCrds } from './install-crds.ts';

/** How long an API server may take to be empty, ms. */
const patience = 60_000;
/** What stays. */
const ofTheServer = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** The control plane that all tests share, with nothing in it. Only one test has it at a time. */
export async function sharedCluster(kubeconfig: string): Promise<Cluster> {
  const dataDir = await mkdtemp(join(tmpdir(), 'real-cluster-'));
  const kubeconfigPath = join(dataDir, 'kubeconfig');
  await copyFile(kubeconfig, kubeconfigPath);
  const cluster = new Cluster({ kubeconfigPath, close: () => Promise.resolve() }, dataDir);
  await empty(cluster);
  return cluster;
}

/** A control plane of its own, beside the shared one. */
export async function ownCluster(bin: string, emulatedVersion: string | undefined): Promise<Cluster> {
  const controlPlane = await startControlPlane({ bin, ...(emulatedVersion !== undefined && { emulatedVersion }) });
  await installCrds(controlPlane.kubeconfig);
  const dataDir = await mkdtemp(join(tmpdir(), 'real-cluster-'));
  return new Cluster({ kubeconfigPath: controlPlane.kubeconfig, close: () => controlPlane.stop() }, dataDir);
}

/** Leaves nothing of what tests have made. */
export async function empty({ client }: Cluster): Promise<void> {
  const isAny = (): boolean => true;
  // First what would make others anew, or keep new ones out.
  await deleteAll(client, deviceSetResource, isAny);
  await deleteAll(client, classResource, isAny);
  await deleteAll(client, deviceResource, isAny);
  await deleteAll(client, nodeResource, isAny);
  await deleteAll(client, parentResource, isAny);
  await deleteAll(client, eventResource, isAny);
  await deleteAll(client, leaseResource, ({ metadata }) => metadata.name.startsWith('mdev-'));
  await deleteAll(client, namespaceResource, ({ metadata }) => !ofTheServer.includes(metadata.name));
}

/** What finalizers wait for is of the test before. */
async function deleteAll(client: KubeClient, resource: ResourceRef, isMeant: (object: KubeObject) => boolean): Promise<void> {
  const signal = AbortSignal.timeout(patience);
  const { items } = await client.list(resource, {}, signal);
  for (const { metadata } of (items as readonly KubeObject[]).filter(isMeant)) {
    if (metadata.finalizers !== undefined) await client.patch(resource, metadata, 'merge', { metadata: { finalizers: null } }, {}, signal);
    await client.delete(resource, metadata, {}, signal);
  }
  await waitForObjects(client, resource, (objects) => ![...objects.values()].some(isMeant), patience);
}
