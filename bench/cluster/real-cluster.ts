import { startControlPlane } from '../../test/cluster/control-plane.ts';
import { installCrds } from '../../test/cluster/install-crds.ts';
import { cpuSeconds } from './cpu-time.ts';

/** An empty kube-apiserver with etcd and the CRDs. */
export interface RealCluster extends AsyncDisposable {
  readonly kubeconfig: string;
  /** Aborted when it stops: what is still asked of it then has no answer. */
  readonly signal: AbortSignal;
  /** The CPU time so far of its processes, of those that were given its kubeconfig, and of this one, in seconds. */
  cpuSeconds(): Promise<number>;
}

/** Starts one. @param bin the folder with the binaries */
export async function startRealCluster(bin: string): Promise<RealCluster> {
  const controlPlane = await startControlPlane({ bin });
  const stop = new AbortController();
  await installCrds(controlPlane.kubeconfig);
  return {
    kubeconfig: controlPlane.kubeconfig,
    signal: stop.signal,
    // All that belongs to it is started with a path in its folder.
    cpuSeconds: () => cpuSeconds(controlPlane.directory),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await controlPlane.stop();
    },
  };
}
