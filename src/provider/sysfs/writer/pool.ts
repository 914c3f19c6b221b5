import type { Clock } from '../../../lib/clock.ts';
import { ProviderError, type ProviderStep } from '../../contract.ts';
import { EncodedOrder, NotBegunError, type WriteAnswer, type WriteRequest } from './messages.ts';
import type { WriterProcess } from './process.ts';

/** A writer that has not come back after this long gets company: others do not wait behind it. ms */
const patience = 250;
/** So many writers at the most are in the kernel for one parent. */
const most = 8;
/** A writer with nothing to do is let go after this long, ms. */
const idleTime = 60_000;

interface Job {
  readonly step: ProviderStep;
  readonly order: EncodedOrder;
  readonly isWanted: () => boolean;
  readonly answered: PromiseWithResolvers<WriteAnswer>;
}

/** The writer processes of one parent: one, as long as the kernel answers; one more for each that hangs. */
export class WriterPool {
  readonly #parent: string;
  readonly #clock: Clock;
  /** Not begun, in order. */
  readonly #queue: Job[] = [];
  readonly #idle: WriterProcess[] = [];
  /** Since when each is in the kernel, ms of the monotonic clock. */
  readonly #busy = new Map<WriterProcess, number>();
  #starting: Promise<void> | undefined;
  #lastUse = 0;
  #cancelHelp: (() => void) | undefined;
  #cancelIdle: (() => void) | undefined;
  #closed = false;

  constructor(parent: string, clock: Clock) {
    this.#parent = parent;
    this.#clock = clock;
  }

  /** Whether there is a writer, if only one that is in the kernel. */
  get hasWriter(): boolean {
    return this.#busy.size > 0 || this.#idle.some((writer) => !writer.isEnded);
  }

  /** One more writer; those who ask while one starts get the same. @throws ProviderError EIO */
  async start(): Promise<void> {
    if (this.#closed) throw closed();
    await (this.#starting ??= this.#startOne());
  }

  /**
   * Writes; resolves when the kernel has answered, however late.
   * @param isWanted asked just before: what nobody waits for any more is not begun
   * @throws ProviderError ETIMEDOUT or EIO when it was not begun; Error when its writer ended
   */
  write(step: ProviderStep, request: WriteRequest, isWanted: () => boolean): Promise<WriteAnswer> {
    const answered = Promise.withResolvers<WriteAnswer>();
    if (this.#closed) answered.reject(closed());
    else {
      this.#queue.push({ step, order: new EncodedOrder(request), isWanted, answered });
      this.#dispatch();
    }
    return answered.promise;
  }

  /** Lets all writers go; those in the kernel end when it lets them. */
  close(): void {
    this.#closed = true;
    this.#cancelIdle?.();
    this.#cancelHelp?.();
    for (const { answered } of this.#queue.splice(0)) answered.reject(closed());
    for (const writer of [...this.#idle.splice(0), ...this.#busy.keys()]) writer.release();
  }

  #dispatch(): void {
    for (let job = this.#queue[0]; job !== undefined; job = this.#queue[0]) {
      if (!job.isWanted()) {
        this.#queue.shift();
        const message = `Other writes on parent ${this.#parent} have not returned; this one was not begun`;
        job.answered.reject(new ProviderError('ETIMEDOUT', job.step, message));
        continue;
      }
      const writer = this.#idle.pop() ?? this.#withRoomFor(job);
      if (writer === undefined) break;
      if (writer.isEnded) {
        writer.release();
        continue;
      }
      this.#queue.shift();
      this.#give(writer, job);
    }
    this.#watchBusy();
  }

  /** A writer that will be there for it soon, as it looks. */
  #withRoomFor({ order }: Job): WriterProcess | undefined {
    const now = this.#clock.monotonic();
    for (const [writer, since] of this.#busy) if (!writer.isEnded && now - since < patience && writer.takes(order)) return writer;
    return undefined;
  }

  #give(writer: WriterProcess, job: Job): void {
    if (writer.isIdle) this.#busy.set(writer, this.#clock.monotonic());
    writer.write(job.order).then(
      (answer) => {
        job.answered.resolve(answer);
        this.#free(writer);
      },
      (error: unknown) => {
        if (error instanceof NotBegunError) this.#takeUpAgain(job);
        else job.answered.reject(error);
        if (writer.isEnded) this.#free(writer);
        else this.#dispatch();
      },
    );
  }

  #takeUpAgain(job: Job): void {
    if (this.#closed) job.answered.reject(closed());
    else this.#queue.unshift(job);
  }

  /** The writer has answered, or has ended. */
  #free(writer: WriterProcess): void {
    const now = this.#clock.monotonic();
    this.#lastUse = now;
    // It is at the next one by now.
    if (!writer.isIdle) this.#busy.set(writer, now);
    else {
      this.#busy.delete(writer);
      if (writer.isEnded || this.#closed) writer.release();
      else this.#idle.push(writer);
    }
    this.#dispatch();
    if (this.#cancelIdle === undefined) this.#letIdleGo(idleTime);
  }

  /**
   * Nothing waits behind what has been in the kernel for long: it is taken back from there, and gets one more writer if all are. Until then this
   * is looked at again.
   */
  #watchBusy(): void {
    const now = this.#clock.monotonic();
    const rests = [...this.#busy].map(([writer, since]) => ({ writer, rest: since + patience - now }));
    for (const { writer, rest } of rests) if (rest <= 0) writer.takeBackNext();
    const fresh = rests.filter(({ rest }) => rest > 0);
    if (this.#queue.length > 0 && fresh.length === 0) this.#getHelp();
    if (fresh.length === 0 || !(this.#queue.length > 0 || fresh.some(({ writer }) => writer.hasNext))) return;
    this.#cancelHelp ??= this.#clock.setTimeout(
      () => {
        this.#cancelHelp = undefined;
        this.#dispatch();
      },
      Math.min(...fresh.map(({ rest }) => rest)),
    );
  }

  #getHelp(): void {
    if (this.#starting !== undefined || this.#busy.size >= most) return;
    this.start().catch((error: unknown) => this.#queue.shift()?.answered.reject(error));
  }

  async #startOne(): Promise<void> {
    try {
      const writer = await startWriter();
      this.#free(writer);
    } catch (cause) {
      const message = `Cannot start a process that writes into the kernel: ${(cause as Error).message}; nothing was begun`;
      throw new ProviderError('EIO', 'connect', message, { cause });
    } finally {
      this.#starting = undefined;
      this.#dispatch();
    }
  }

  #letIdleGo(after: number): void {
    if (this.#closed) return;
    this.#cancelIdle = this.#clock.setTimeout(() => {
      this.#cancelIdle = undefined;
      const rest = this.#lastUse + idleTime - this.#clock.monotonic();
      if (rest > 0) this.#letIdleGo(rest);
      else for (const writer of this.#idle.splice(0)) writer.release();
    }, after);
  }
}

/** Imported by those only who write into a kernel: it loads a foreign function interface. */
async function startWriter(): Promise<WriterProcess> {
  const { WriterProcess } = await import('./process.ts');
  const writer = WriterProcess.start();
  try {
    await writer.started;
    return writer;
  } catch (error) {
    writer.release();
    throw error;
  }
}

function closed(): ProviderError {
  return new ProviderError('EIO', 'connect', 'The provider is closed');
}
