import type { Clock } from '../../../lib/clock.ts';
import { ProviderError, type ProviderStep } from '../../contract.ts';
import type { WriteAnswer, WriteRequest } from './messages.ts';
import { WriterProcess } from './process.ts';

/** A writer that has not come back after this long gets company: others do not wait behind it. ms */
const patience = 250;
/** So many writers at the most are in the kernel for one parent. */
const most = 8;
/** A writer with nothing to do is let go after this long, ms. */
const idleTime = 60_000;

/** The writer processes of one parent: one, as long as the kernel answers; one more for each that hangs. */
export class WriterPool {
  readonly #parent: string;
  readonly #clock: Clock;
  readonly #idle: WriterProcess[] = [];
  /** Since when each is in the kernel, ms of the monotonic clock; Infinity while it is not. */
  readonly #busy = new Map<WriterProcess, number>();
  #freed = Promise.withResolvers<undefined>();
  #cancelIdle: (() => void) | undefined;
  #closed = false;

  constructor(parent: string, clock: Clock) {
    this.#parent = parent;
    this.#clock = clock;
  }

  /**
   * Writes; resolves when the kernel has answered, however late.
   * @param isWanted asked just before: what nobody waits for any more is not begun
   * @throws ProviderError ETIMEDOUT when it was not begun; Error when its writer ended
   */
  async write(step: ProviderStep, request: Omit<WriteRequest, 'call'>, isWanted: () => boolean): Promise<WriteAnswer> {
    const writer = await this.#take();
    try {
      await writer.started;
      if (!isWanted())
        throw new ProviderError('ETIMEDOUT', step, `Other writes on parent ${this.#parent} have not returned; this one was not begun`);
      this.#busy.set(writer, this.#clock.monotonic());
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

  async #take(): Promise<WriterProcess> {
    for (;;) {
      if (this.#closed) throw new ProviderError('EIO', 'connect', 'The provider is closed');
      const writer = this.#idle.pop() ?? (this.#allSlow() && this.#busy.size < most ? WriterProcess.start() : undefined);
      if (writer !== undefined && !writer.isEnded) {
        // Not in the kernel yet.
        this.#busy.set(writer, Infinity);
        return writer;
      }
      if (writer === undefined) await this.#whenFreedOrSlow();
    }
  }

  #allSlow(): boolean {
    const now = this.#clock.monotonic();
    return [...this.#busy.values()].every((since) => now - since >= patience);
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
