/** A controller that wants to lead, as a process with terms of three seconds. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Cluster } from '../../agent/cluster.ts';
import { ApiProxy } from './api-proxy.ts';

const script = join(import.meta.dirname, 'controller-process.ts');
/** How long a process may take to start, or to see that another leads no more, ms. */
const patience = 30_000;

export class Contender implements AsyncDisposable {
  /** Its way to the API server. */
  readonly proxy: ApiProxy;
  readonly #child: ChildProcess;
  #said = '';

  private constructor(proxy: ApiProxy, child: ChildProcess) {
    this.proxy = proxy;
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
  }

  static async launch(cluster: Cluster, identity: string): Promise<Contender> {
    const proxy = await ApiProxy.start(cluster.kubeconfig);
    const kubeconfig = join(cluster.dataDir, `${identity}.kubeconfig`);
    await proxy.writeKubeconfig(kubeconfig);
    const args = ['--disable-warning=ExperimentalWarning', script, kubeconfig, identity];
    return new Contender(proxy, spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  }

  /** How often it has begun to lead. */
  get terms(): number {
    return this.#said.split('leads\n').length - 1;
  }

  /** Whether it leads now, as far as it has said. */
  get isLeading(): boolean {
    return this.#said.endsWith('leads\n');
  }

  async leads(): Promise<void> {
    await expect.poll(() => this.isLeading, { timeout: patience }).toBe(true);
  }

  async leadsNoMore(): Promise<void> {
    await expect.poll(() => this.isLeading, { timeout: patience }).toBe(false);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its writes to devices since then. */
  writes(since: number): string[] {
    const isWrite = ({ method, path, at }: ApiProxy['passed'][number]): boolean =>
      at >= since && method !== 'GET' && path.includes('mdevdevices');
    return this.proxy.passed.filter(isWrite).map(({ path }) => path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.proxy[Symbol.asyncDispose]();
  }
}
