import { fork, type ChildProcess } from 'node:child_process';
import { nodeFlags, programBeside } from '../../../lib/program-beside.ts';
import { ready, type WriteAnswer, type WriteRequest } from './messages.ts';

/** Room for the name that the process gives itself, which cannot be longer than what it was started with. */
const titleRoom = '.'.repeat(256);

/**
 * One writer process. It is never signalled: a signal to a process that waits in the kernel for a device's user makes that waiting
 * unkillable, and frees nothing.
 */
export class WriterProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<WriteAnswer>>();
  readonly #ready = Promise.withResolvers<undefined>();
  #calls = 0;
  #ended = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static start(): WriterProcess {
    const child = fork(programBeside(import.meta.url, 'mdev-writer'), [titleRoom], {
      // In a group of its own: what a terminal sends to the agent does not reach it.
      detached: true,
      execArgv: [...nodeFlags, '--max-semi-space-size=1'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const writer = new WriterProcess(child);
    // Who waits for it is told; there may be nobody.
    writer.#ready.promise.catch(() => undefined);
    child.on('message', (message: WriteAnswer | typeof ready) => writer.#hear(message));
    child.once('error', (error) => writer.#end(error));
    child.once('exit', (status, signal) => writer.#end(new Error(`The writer process ended (${status ?? signal ?? ''})`)));
    // An agent that ends does not wait for what hangs in the kernel.
    child.unref();
    child.channel?.unref();
    return writer;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** Resolves when it can be told something, which takes a process some time. @throws Error when it ends before */
  get started(): Promise<unknown> {
    return this.#ready.promise;
  }

  /** @throws Error when the process has ended, which says nothing of what it has written */
  async write(request: Omit<WriteRequest, 'call'>): Promise<WriteAnswer> {
    if (this.#ended) throw new Error('The writer process has ended');
    const call = ++this.#calls;
    const waiting = Promise.withResolvers<WriteAnswer>();
    this.#waiting.set(call, waiting);
    this.#child.channel?.ref();
    try {
      this.#child.send({ ...request, call } satisfies WriteRequest);
      return await waiting.promise;
    } finally {
      this.#child.channel?.unref();
    }
  }

  /** Lets it end, once it is out of the kernel. */
  release(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #hear(message: WriteAnswer | typeof ready): void {
    if (message === ready) {
      this.#ready.resolve(undefined);
      return;
    }
    this.#waiting.get(message.call)?.resolve(message);
    this.#waiting.delete(message.call);
  }

  #end(reason: Error): void {
    this.#ended = true;
    this.#ready.reject(reason);
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}
