import type { KubeClient, KubeObject, Selection } from '../../src/kube/client.ts';
import { deviceResource } from '../../src/kube/resource.ts';
import { follow } from './follow.ts';

/** A watch of devices that somebody waits at for one object. */
export class ObjectWatch {
  readonly #stop = new AbortController();
  #waiter: { readonly name: string; readonly resolve: (object: KubeObject) => void } | undefined;

  static async open(client: KubeClient, selection: Selection, signal: AbortSignal): Promise<ObjectWatch> {
    const watch = new ObjectWatch();
    const stop = AbortSignal.any([signal, watch.#stop.signal]);
    await follow(client, deviceResource, selection, (_, object) => watch.#take(object), stop);
    return watch;
  }

  /** The object of this name at the next event about it. */
  async next(name: string): Promise<KubeObject> {
    return new Promise((resolve) => {
      this.#waiter = { name, resolve };
    });
  }

  close(): void {
    this.#stop.abort(new Error('closed'));
  }

  #take(object: KubeObject): void {
    if (this.#waiter?.name !== object.metadata.name) return;
    const { resolve } = this.#waiter;
    this.#waiter = undefined;
    resolve(object);
  }
}
