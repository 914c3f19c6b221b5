import type { ProviderEvent } from './contract.ts';

const sync = { kind: 'sync' } as const;

/** Past so many events waiting, one `sync` says the same in less room. */
const limit = 4096;

/**
 * The events of one watcher that it has not taken yet. Events about one thing merge while they wait, and a waiting `sync`
 * takes in all parents and devices, so a slow watcher costs bounded memory and loses nothing.
 */
export class EventQueue {
  readonly #waiting = new Map<string, ProviderEvent>();
  #wake: (() => void) | undefined;

  push(event: ProviderEvent): void {
    if (event.kind === 'parent' || event.kind === 'device') this.#pushPlace(event);
    else this.#pushWhole(event);
    this.#wake?.();
  }

  /** Whoever takes the waiting `sync` reads everything after this, so the event is told already. */
  #pushPlace(event: Extract<ProviderEvent, { kind: 'parent' | 'device' }>): void {
    if (this.#waiting.has('sync')) return;
    if (this.#waiting.size >= limit) {
      this.#pushWhole(sync);
      return;
    }
    const key = event.kind === 'parent' ? `parent ${event.parent}` : `device ${event.id}`;
    const earlier = this.#waiting.get(key);
    if (earlier === undefined || (event.kind === 'device' && event.parent !== undefined)) this.#waiting.set(key, event);
  }

  #pushWhole(event: Extract<ProviderEvent, { kind: 'sync' | 'boot' }>): void {
    for (const [key, { kind }] of this.#waiting) if (kind === 'parent' || kind === 'device') this.#waiting.delete(key);
    // After a boot everything is to be read again: its `sync` stays behind it.
    const hadSync = this.#waiting.delete('sync');
    this.#waiting.set(event.kind, event);
    if (event.kind === 'boot' && hadSync) this.#waiting.set('sync', sync);
  }

  /** Yields events as they come, oldest first, until `signal` aborts. One reader at a time. */
  async *drain(signal: AbortSignal): AsyncGenerator<ProviderEvent, void, undefined> {
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        const [next] = this.#waiting;
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
          continue;
        }
        this.#waiting.delete(next[0]);
        yield next[1];
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}
