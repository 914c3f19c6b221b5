import { rm } from 'node:fs/promises';
import { KubeConfig } from '@kubernetes/client-node';
import type { ApiServer } from '../../src/apiserver/server.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { HttpClient } from '../../src/kube/http-client.ts';
import { systemClock } from '../../src/lib/clock.ts';

/** An API server of its own with the CRDs, and a client that sees everything. */
export class Cluster implements AsyncDisposable {
  readonly client: KubeClient;
  readonly dataDir: string;
  readonly kubeconfig: string;
  readonly #server: Pick<ApiServer, 'close'>;

  /** @param dataDir the server's; deleted with it */
  constructor(server: Pick<ApiServer, 'kubeconfigPath' | 'close'>, dataDir: string) {
    this.#server = server;
    this.dataDir = dataDir;
    this.kubeconfig = server.kubeconfigPath;
    const config = new KubeConfig();
    config.loadFromFile(server.kubeconfigPath);
    this.client = new HttpClient({ config, clock: systemClock, userAgent: 'mdev-operator-test' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.#server.close();
    await rm(this.dataDir, { recursive: true });
  }
}
