import { spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { fileURLToPath } from 'node:url';
import { openLibc } from '../../../lib/libc/libc.ts';
import { nodeFlags, programBeside } from '../../../lib/program-beside.ts';
import { Lines, ready, type WriteAnswer, type WriteRequest } from './messages.ts';

/** Room for the name that the process gives itself, which cannot be longer than what it was started with. */
const titleRoom = '.'.repeat(256);

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
  #waiting: PromiseWithResolvers<WriteAnswer> | undefined;
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
    const orders = libc.pipe();
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

  /** One write, when the last one has been answered. @throws Error when the process has ended, which says nothing of what it has written */
  async write(request: WriteRequest): Promise<WriteAnswer> {
    if (this.#ended !== undefined) throw this.#ended;
    writeSync(this.#orders, `${JSON.stringify(request)}\n`);
    this.#waiting = Promise.withResolvers<WriteAnswer>();
    this.#answers.ref();
    return this.#waiting.promise;
  }

  /** Lets it end, once it is out of the kernel. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    closeSync(this.#orders);
    this.#answers.destroy();
  }

  #hear(piece: string): void {
    for (const line of this.#lines.push(piece)) {
      const message = JSON.parse(line) as WriteAnswer | typeof ready;
      if (message === ready) {
        this.#ready.resolve(undefined);
        continue;
      }
      this.#answers.unref();
      this.#waiting?.resolve(message);
      this.#waiting = undefined;
    }
  }

  #end(reason: Error): void {
    this.#ended = reason;
    this.#ready.reject(reason);
    this.#waiting?.reject(reason);
    this.#waiting = undefined;
  }
}
