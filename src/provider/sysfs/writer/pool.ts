import type { Clock } from '../../../lib/clock.ts';
import { ProviderError, type ProviderStep } from '../../contract.ts';
import type { WriteAnswer, WriteRequest } from './messages.ts';
import { WriterProcess } from './process.ts';

/** A writer that has not come back after this long gets company: others do not wait behind it. ms */
const patience = 250;
/** More writers than this do not wait in one parent. */
const most = 8;
/** A writer with nothing to do is let go after this long, ms. */
const idleTime = 60_000;

/** The writer processes of one parent: one, as long as the kernel answers; one more for each that hangs. */
export class WriterPool {
  readonly #parent: string;
  readonly #clock: Clock;
  readonly #idle: WriterProcess[] = [];
  readonly #busy = new Map<WriterProcess, number>();
  #freed = Promise.withResolvers<undefined>();
  #cancelIdle: (() => void) | undefined;
  #closed = false;

  constructor(parent: string, clock: Clock) {
    this.#parent = parent;
    this.#clock = clock;
  }

  /** How many writers have been given something and have not come back. */
  get busy(): number {
    return this.#busy.size;
  }

  /** Writes; resolves when the kernel has answered, however late. @throws ProviderError ETIMEDOUT when too many hang already */
  async write(step: ProviderStep, request: Omit<WriteRequest, 'call'>): Promise<WriteAnswer> {
    const writer = await this.#take(step);
    try {
      return await writer.write(request);
    } finally {
      this.#busy.delete(writer);
      if (!writer.isEnded && !this.#closed) this.#idle.push(writer);
      else writer.release();
      this.#freed.resolve(undefined);
      this.#freed = Promise.withResolvers();
      this.#letIdleGo();
    }
  }

  /** Lets all writers go; those in the kernel end when it lets them. */
  close(): void {
    this.#closed = true;
    this.#cancelIdle?.();
    for (const writer of [...this.#idle, ...this.#busy.keys()]) writer.release();
    this.#idle.length = 0;
  }

  async #take(step: ProviderStep): Promise<WriterProcess> {
    for (;;) {
      if (this.#closed) throw new ProviderError('EIO', 'connect', 'The provider is closed');
      const writer = this.#idle.pop() ?? (this.#allSlow() ? this.#start(step) : undefined);
      if (writer !== undefined && !writer.isEnded) {
        this.#busy.set(writer, this.#clock.monotonic());
        return writer;
      }
      if (writer === undefined) await this.#whenFreedOrSlow();
    }
  }

  #allSlow(): boolean {
    const now = this.#clock.monotonic();
    return [...this.#busy.values()].every((since) => now - since >= patience);
  }

  #start(step: ProviderStep): WriterProcess {
    if (this.#busy.size >= most)
      throw new ProviderError(
        'ETIMEDOUT',
        step,
        `${this.#busy.size} writes on parent ${this.#parent} have not returned; no more are begun`,
      );
    return WriterProcess.start();
  }

  async #whenFreedOrSlow(): Promise<void> {
    const waited = Promise.withResolvers<undefined>();
    const cancel = this.#clock.setTimeout(() => waited.resolve(undefined), patience);
    await Promise.race([this.#freed.promise, waited.promise]);
    cancel();
  }

  #letIdleGo(): void {
    this.#cancelIdle?.();
    this.#cancelIdle = this.#clock.setTimeout(() => {
      for (const writer of this.#idle.splice(0)) writer.release();
    }, idleTime);
  }
}
