import { findCondition, type Condition } from '../../src/api/condition.ts';
import type { KubeClient, KubeObject } from '../../src/kube/client.ts';
import { deviceResource } from '../../src/kube/resource.ts';
import { follow } from './follow.ts';

/** A user's watch of all devices: who waits for what. It never ends but with its signal. */
export class ReadyWatch {
  readonly #ready = new Set<string>();
  #waiters: { readonly met: () => boolean; readonly resolve: () => void }[] = [];
  #failed: Promise<never> | undefined;

  /** Watches from now on; only what happens from now on counts. */
  static async open(client: KubeClient, signal: AbortSignal): Promise<ReadyWatch> {
    const watch = new ReadyWatch();
    const { failed } = await follow(client, deviceResource, {}, (type, object) => watch.#take(type, object), signal);
    watch.#failed = failed;
    return watch;
  }

  /** Resolves when this many devices are Ready. */
  async whenReady(count: number): Promise<void> {
    await this.#when(() => this.#ready.size >= count);
  }

  async whenOneIsReady(name: string): Promise<void> {
    await this.#when(() => this.#ready.has(name));
  }

  async whenGone(name: string): Promise<void> {
    await this.#when(() => !this.#ready.has(name));
  }

  async #when(met: () => boolean): Promise<void> {
    if (met()) return;
    await Promise.race([
      new Promise<void>((resolve) => this.#waiters.push({ met, resolve })),
      ...(this.#failed === undefined ? [] : [this.#failed]),
    ]);
  }

  #take(type: string, object: KubeObject): void {
    const { name } = object.metadata;
    if (type === 'DELETED') this.#ready.delete(name);
    else if (isReady(object)) this.#ready.add(name);
    else return;
    this.#waiters = this.#waiters.filter(({ met, resolve }) => {
      if (!met()) return true;
      resolve();
      return false;
    });
  }
}

function isReady({ status }: KubeObject): boolean {
  const { conditions } = (status ?? {}) as { conditions?: Condition[] };
  return findCondition(conditions, 'Ready')?.status === 'True';
}
