import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { nodeFlags, programBeside } from '../../../lib/program-beside.ts';
import { Lines, ready, type WriteAnswer, type WriteRequest } from './messages.ts';

/** Room for the name that the process gives itself, which cannot be longer than what it was started with. */
const titleRoom = '.'.repeat(256);

/**
 * One writer process. It is never signalled: a signal to a process that waits in the kernel for a device's user makes that waiting
 * unkillable, and frees nothing.
 */
export class WriterProcess {
  readonly #orders: Socket;
  readonly #answers: Socket;
  readonly #lines = new Lines();
  readonly #ready = Promise.withResolvers<undefined>();
  #waiting: PromiseWithResolvers<WriteAnswer> | undefined;
  #ended: Error | undefined;

  private constructor(child: ChildProcess) {
    if (!(child.stdin instanceof Socket) || !(child.stdout instanceof Socket)) throw new Error('The writer process has no pipes');
    this.#orders = child.stdin;
    this.#answers = child.stdout;
  }

  static start(): WriterProcess {
    const program = [...nodeFlags, '--max-semi-space-size=1', fileURLToPath(programBeside(import.meta.url, 'mdev-writer')), titleRoom];
    // In a group of its own: what a terminal sends to the agent does not reach it.
    const child = spawn(process.execPath, program, { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
    const writer = new WriterProcess(child);
    // Who waits for it is told; there may be nobody.
    writer.#ready.promise.catch(() => undefined);
    writer.#answers.setEncoding('utf8').on('data', (piece: string) => writer.#hear(piece));
    child.once('error', (error) => writer.#end(error));
    child.once('exit', (status, signal) => writer.#end(new Error(`The writer process ended (${status ?? signal ?? ''})`)));
    // Its end is told by the process.
    for (const pipe of [writer.#orders, writer.#answers]) pipe.on('error', () => undefined).unref();
    // An agent that ends does not wait for what hangs in the kernel.
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
    const waiting = Promise.withResolvers<WriteAnswer>();
    this.#waiting = waiting;
    this.#answers.ref();
    this.#orders.write(`${JSON.stringify(request)}\n`);
    return waiting.promise;
  }

  /** Lets it end, once it is out of the kernel. */
  release(): void {
    this.#orders.destroy();
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
