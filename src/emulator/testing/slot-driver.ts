import { ErrnoError } from '../../lib/errno.ts';
import type { Attribute, ParentInit, ParentOps } from '../mdev/driver.ts';

export type Callback = 'create' | 'remove' | 'setOnline' | 'open' | 'release' | 'write';

/** A parent driver with `slots` devices of type `slot-1`, whose callbacks a test can stop, fail and look at. */
export class SlotDriver {
  /** Every call, as `create 1234...`. */
  readonly calls: string[] = [];
  readonly #taken = new Set<string>();
  readonly #gates = new Map<Callback, Promise<void>>();
  readonly #failures = new Map<Callback, Error>();
  readonly #slots: number;
  value = '';

  constructor(slots = 4) {
    this.#slots = slots;
  }

  get taken(): number {
    return this.#taken.size;
  }

  /** Stops the callback until the returned function is called. */
  stop(callback: Callback): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#gates.set(
      callback,
      promise.then(() => {
        this.#gates.delete(callback);
      }),
    );
    return () => {
      resolve(undefined);
    };
  }

  /** Lets the callback fail from now on, or not any more. */
  fail(callback: Callback, error: Error | undefined): void {
    if (error === undefined) this.#failures.delete(callback);
    else this.#failures.set(callback, error);
  }

  init(name: string, change: Partial<ParentOps> = {}, requiresGroup = false): ParentInit {
    const attribute = (uuid: string): Attribute => ({
      name: 'vendor/value',
      read: () => this.value,
      write: async (text) => {
        await this.#call('write', uuid);
        this.value = text;
      },
    });
    const ops: ParentOps = {
      types: [{ id: 'slot-1', name: 'A slot', deviceAPI: 'vfio-pci', requiresGroup, maxInstances: this.#slots }],
      sharing: 'Slots',
      takesParams: true,
      removeWhileOpen: 'block',
      available: () => {
        const count = this.#slots - this.#taken.size;
        return count > 0 ? { count } : { count, reason: 'all slots are taken' };
      },
      create: async ({ uuid }) => {
        if (this.#taken.size >= this.#slots) throw new ErrnoError('ENOSPC', 'all slots are taken');
        this.#taken.add(uuid);
        try {
          await this.#call('create', uuid);
        } catch (error) {
          this.#taken.delete(uuid);
          throw error;
        }
      },
      remove: async ({ uuid }, { force }) => {
        try {
          await this.#call('remove', uuid);
        } catch (error) {
          if (force) this.#taken.delete(uuid);
          throw error;
        }
        if (!this.#taken.delete(uuid)) throw new Error(`the driver was asked twice to remove ${uuid}`);
      },
      setOnline: ({ uuid }) => this.#call('setOnline', uuid),
      open: ({ uuid }) => this.#call('open', uuid),
      release: ({ uuid }) => this.#call('release', uuid),
      deviceAttributes: ({ uuid }) => [
        attribute(uuid),
        { name: 'vendor/readonly', read: () => 'r'.repeat(5000) },
        { name: 'vendor/writeonly', write: () => undefined },
      ],
      ...change,
    };
    return { name, driver: 'slot', ops };
  }

  async #call(callback: Callback, uuid: string): Promise<void> {
    this.calls.push(`${callback} ${uuid}`);
    await this.#gates.get(callback);
    const failure = this.#failures.get(callback);
    if (failure !== undefined) throw failure;
  }
}
