/** Starts the one control plane that the files of `npm run test:cluster` share, with the project's CRDs in it. */
import type {} from 'vitest';
import type { TestProject } from 'vitest/node';
import { buildControlPlane } from './binaries.ts';
import { startControlPlane } from './control-plane.ts';
import { installCrds } from './install-crds.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder with kube-apiserver and etcd. */
    binaries: string;
    /** Kubeconfig of the shared control plane. */
    realKubeconfig: string;
    /** The Kubernetes version that it behaves as; undefined: its own. */
    emulatedVersion: string | undefined;
  }
}

/** Vitest calls it before all files and the returned function after them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const binaries = await buildControlPlane({ controllers: true });
  const { emulatedVersion } = project.config.provide;
  const controlPlane = await startControlPlane({
    bin: binaries,
    controllers: ['namespace-controller', 'garbage-collector-controller'],
    prepare: installCrds,
    ...(emulatedVersion !== undefined && { emulatedVersion }),
  });
  project.provide('binaries', binaries);
  project.provide('realKubeconfig', controlPlane.kubeconfig);
  return () => controlPlane.stop();
}
