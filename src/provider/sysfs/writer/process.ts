import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { fileURLToPath } from 'node:url';
import { openLibc } from '../../../lib/libc/libc.ts';
import { nodeFlags, programBeside } from '../../../lib/program-beside.ts';
import { errnoOf } from '../../../lib/errno.ts';
import { Lines, longestPacket, NotBegunError, ready, type EncodedOrder, type WriteAnswer } from './messages.ts';

/** Room for the name that the process gives itself, which cannot be longer than what it was started with. */
const titleRoom = '.'.repeat(256);

/** So many orders a writer has at the most: the one that it is at, and the next, which it then does not have to wait for. A pipe has room for as many. */
const mostGiven = 2;

interface GivenOrder {
  readonly order: EncodedOrder;
  readonly answered: PromiseWithResolvers<WriteAnswer>;
}

/**
 * One writer process. It is never signalled: a signal to a process that waits in the kernel for a device's user makes that waiting
 * unkillable, and frees nothing.
 */
export class WriterProcess {
  /** The pipe's end that orders are written to: at once, for a writer waits at the other end whenever it is given one. */
  readonly #orders: number;
  readonly #answers: Socket;
  readonly #decoder = new StringDecoder('utf8');
  readonly #lines = new Lines();
  readonly #ready = Promise.withResolvers<undefined>();
  /** Not answered, in order. */
  readonly #given: GivenOrder[] = [];
  #ended: Error | undefined;
  #isReleased = false;

  private constructor(orders: number, answers: number) {
    this.#orders = orders;
    // Without a stream's queues: what a stream does for each answer took longer than the kernel for the way of it.
    const onread = {
      buffer: new Uint8Array(16 * 1024),
      callback: (length: number, buffer: Uint8Array): boolean => {
        this.#hear(this.#decoder.write(buffer.subarray(0, length)));
        return true;
      },
    };
    this.#answers = new Socket({ fd: answers, readable: true, writable: false, onread });
  }

  /** @throws Error where there is no pipe to be had */
  static start(): WriterProcess {
    const program = [...nodeFlags, '--max-semi-space-size=1', fileURLToPath(programBeside(import.meta.url, 'mdev-writer')), titleRoom];
    // The pipes are not Node.js's own, which are sockets, and slower.
    const libc = openLibc();
    const orders = libc.pipe(true);
    const answers = libc.pipe();
    const writer = new WriterProcess(orders.write, answers.read);
    // In a group of its own: what a terminal sends to the agent does not reach it.
    const child = spawn(process.execPath, program, { detached: true, stdio: [orders.read, answers.write, 'ignore'] });
    closeSync(orders.read);
    closeSync(answers.write);
    // Who waits for it is told; there may be nobody.
    writer.#ready.promise.catch(() => undefined);
    child.once('error', (error) => writer.#end(error));
    child.once('exit', (status, signal) => writer.#end(new Error(`The writer process ended (${status ?? signal ?? ''})`)));
    // Its end is told by the process. An agent that ends does not wait for what hangs in the kernel.
    writer.#answers.on('error', () => undefined).unref();
    child.unref();
    return writer;
  }

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Resolves when it can be told something, which takes a process some time. @throws Error when it ends before */
  get started(): Promise<unknown> {
    return this.#ready.promise;
  }

  /** Whether it has been given nothing that it has not answered. */
  get isIdle(): boolean {
    return this.#given.length === 0;
  }

  /** Whether an order waits for the one before it. */
  get hasNext(): boolean {
    return this.#given.length > 1;
  }

  /** Whether an order can be given that waits in the pipe, and can be taken back. */
  takes(order: EncodedOrder): boolean {
    return this.#given.length < mostGiven && order.isOnePacket && this.#given.every((given) => given.order.isOnePacket);
  }

  /**
   * One write, when those before it have been answered.
   * @throws NotBegunError when it was taken back; Error when the process has ended, which says nothing of what it has written
   */
  async write(order: EncodedOrder): Promise<WriteAnswer> {
    if (this.#ended !== undefined) throw this.#ended;
    writeSync(this.#orders, order.bytes);
    const answered = Promise.withResolvers<WriteAnswer>();
    this.#given.push({ order, answered });
    this.#answers.ref();
    return answered.promise;
  }

  /** Takes back the order whose turn it is not yet, unless the writer has seen it after all. */
  takeBackNext(): void {
    const [current, next] = this.#given;
    if (current === undefined || next === undefined) return;
    const taken = emptyPipe(this.#orders);
    if (taken === 0) return;
    this.#given.pop();
    next.answered.reject(new NotBegunError('The order was taken back'));
    // A process that has not even read that one has not run: no other would be quicker.
    if (taken > 1) writeSync(this.#orders, current.order.bytes);
  }

  /** Lets it end, once it is out of the kernel. */
  release(): void {
    if (this.#isReleased) return;
    this.#takeBackAll();
    this.#isReleased = true;
    closeSync(this.#orders);
    this.#answers.destroy();
  }

  #takeBackAll(): void {
    if (this.#isReleased) return;
    for (let left = emptyPipe(this.#orders); left > 0; left--)
      this.#given.pop()?.answered.reject(new NotBegunError('The order was taken back'));
  }

  #hear(piece: string): void {
    for (const line of this.#lines.push(piece)) {
      const message = JSON.parse(line) as WriteAnswer | typeof ready;
      if (message === ready) {
        this.#ready.resolve(undefined);
        continue;
      }
      this.#given.shift()?.answered.resolve(message);
      if (this.isIdle) this.#answers.unref();
    }
  }

  #end(reason: Error): void {
    this.#ended = reason;
    this.#ready.reject(reason);
    this.#takeBackAll();
    for (const { answered } of this.#given.splice(0)) answered.reject(reason);
  }
}

/**
 * Takes out all packets that are in the pipe with this end for writing. A packet goes to one reader, and whole: what is read here no writer
 * begins, and what is not one has. How many there were.
 */
function emptyPipe(orders: number): number {
  const end = openSync(`/proc/self/fd/${orders}`, constants.O_RDONLY | constants.O_NONBLOCK);
  const packet = new Uint8Array(longestPacket);
  let count = 0;
  try {
    while (readSync(end, packet) > 0) count++;
  } catch (error) {
    if (errnoOf(error) !== 'EAGAIN') throw error;
  } finally {
    closeSync(end);
  }
  return count;
}
