/** A control plane of a test's own, whose parts it may kill, pause and give other data. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { Cluster } from '../../agent/cluster.ts';
import { startControlPlane, type ControlPlane } from '../control-plane.ts';
import { installCrds } from '../install-crds.ts';

export interface OwnControlPlane {
  readonly controlPlane: ControlPlane;
  /** With the project's CRDs; disposing of it stops the control plane. */
  readonly cluster: Cluster;
}

/**
 * Starts its killed API server again, and waits until that serves our kinds: one that is ready may answer 429 yet. Where they are gone with
 * the data, they are installed.
 */
export async function startAgain({ apiServer, kubeconfig }: ControlPlane): Promise<void> {
  await apiServer.start();
  await installCrds(kubeconfig);
}

/** Replaces all that is stored while nothing runs. */
export async function replaceData(controlPlane: ControlPlane, replace: () => Promise<void>): Promise<void> {
  await controlPlane.apiServer.kill();
  await controlPlane.etcd.kill();
  await replace();
  await controlPlane.etcd.start();
  await startAgain(controlPlane);
}

export async function startOwnControlPlane(): Promise<OwnControlPlane> {
  const controlPlane = await startControlPlane({ bin: inject('binaries') });
  await installCrds(controlPlane.kubeconfig);
  const kubeconfigPath = controlPlane.kubeconfig;
  const cluster = new Cluster({ kubeconfigPath, close: () => controlPlane.stop() }, await mkdtemp(join(tmpdir(), 'faults-')));
  return { controlPlane, cluster };
}
