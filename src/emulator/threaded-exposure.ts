import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ErrnoError } from '../lib/errno.ts';
import { nodeFlags, programBeside } from '../lib/program-beside.ts';
import { keepWakeable } from '../lib/wakeable-worker.ts';
import type { DeviceExposure } from './exposure.ts';
import type { MdevIdentity } from './mdev/driver.ts';
import type { OpenDevice } from './mdev/handles.ts';
import type { User } from './mdev/snapshot.ts';
import type { DeviceUse, FromThread, PinRefusal, ThreadData, ToThread } from './vfio-user/thread-protocol.ts';
import { fromRefusal, toRefusal } from './vfio-user/thread-protocol.ts';

/** What the devices' users need of the mdev core. All refusals are ErrnoErrors. */
export interface ExposedCore {
  open(uuid: string, user: User): Promise<OpenDevice>;
  /** The attributes of an open device that can be read, by name. */
  attributes(uuid: string): Readonly<Record<string, string>>;
}

export interface ThreadedExposureInit {
  readonly core: ExposedCore;
  /** The folder of the devices' sockets; it exists. */
  readonly runDir: string;
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string, details: object) => void;
  /** Called when the I/O thread has died: the emulated kernel cannot go on. */
  readonly onFailure: (error: Error) => void;
}

/** The calls of the main thread that the I/O thread answers, without their number. */
type Call =
  Extract<ToThread, { kind: 'serve' | 'withdraw' | 'use' }> extends infer M ? (M extends unknown ? Omit<M, 'call'> : never) : never;
type Answer = Extract<FromThread, { kind: 'done' | 'use' }>;

/**
 * Shows devices by the vfio-user protocol, from an I/O thread of their own: that thread has the devices' registers, memory and
 * connections, this one the mdev core. The thread, and the foreign function interface in it, start with the first device.
 */
export class ThreadedExposure implements DeviceExposure, AsyncDisposable {
  readonly #init: ThreadedExposureInit;
  readonly #stop = new SharedArrayBuffer(4);
  #starting: Promise<IOThread> | undefined;
  /** The thread, once it listens. */
  #thread: IOThread | undefined;
  #ended = false;
  #calls = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  readonly #served = new Set<string>();
  readonly #refusals = new Map<string, PinRefusal>();
  /** The opens that connections hold, by the number of the thread's call. */
  readonly #opens = new Map<number, OpenDevice>();
  readonly #listeners = new Set<(uuid: string) => void>();

  constructor(init: ThreadedExposureInit) {
    this.#init = init;
  }

  async serve({ uuid }: MdevIdentity, model: unknown): Promise<void> {
    await this.#start();
    await this.#call({ kind: 'serve', uuid, model });
    this.#served.add(uuid);
  }

  async withdraw(uuid: string): Promise<void> {
    this.#refusals.delete(uuid);
    if (this.#served.delete(uuid)) await this.#call({ kind: 'withdraw', uuid });
  }

  socketPath(uuid: string): string | undefined {
    return this.#served.has(uuid) ? join(this.#init.runDir, `${uuid}.sock`) : undefined;
  }

  async uses(): Promise<readonly DeviceUse[]> {
    if (this.#thread === undefined) return [];
    const answer = await this.#call({ kind: 'use' });
    return answer.kind === 'use' ? answer.devices : [];
  }

  refusal(uuid: string): PinRefusal | undefined {
    return this.#refusals.get(uuid);
  }

  request(uuid: string): void {
    if (this.#served.has(uuid)) this.#thread?.post({ kind: 'request', uuid });
  }

  subscribe(listener: (uuid: string) => void): () => void {
    const entry = (uuid: string): void => listener(uuid);
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** Ends all connections and the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const [thread] = await Promise.allSettled([this.#starting]);
    if (thread.status === 'fulfilled') await thread.value?.end();
    this.#thread = undefined;
    this.#fail(new ErrnoError('ENODEV', 'the host went down'));
    for (const open of this.#opens.values()) await open[Symbol.asyncDispose]();
    this.#opens.clear();
  }

  #start(): Promise<IOThread> {
    this.#starting ??= startThread({ runDir: this.#init.runDir, stop: this.#stop }, (message) => this.#hear(message)).then((thread) => {
      this.#thread = thread;
      void thread.died.then((error) => {
        if (this.#ended) return;
        this.#fail(error);
        this.#init.onFailure(error);
      });
      return thread;
    });
    return this.#starting;
  }

  async #call(call: Call): Promise<Answer> {
    const thread = this.#thread;
    if (thread === undefined) throw new ErrnoError('ENODEV', 'the I/O thread does not run');
    const number = ++this.#calls;
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting.set(number, waiting);
    thread.post({ ...call, call: number });
    return waiting.promise;
  }

  #hear(message: FromThread): void {
    switch (message.kind) {
      case 'ready':
        return;
      case 'done':
      case 'use': {
        const waiting = this.#waiting.get(message.call);
        this.#waiting.delete(message.call);
        if (message.kind === 'done' && message.refusal !== undefined) waiting?.reject(fromRefusal(message.refusal));
        else waiting?.resolve(message);
        return;
      }
      case 'open':
        void this.#open(message.call, message.uuid, message.user);
        return;
      case 'release':
        void this.#release(message.call);
        return;
      case 'changed':
        if (message.refused !== undefined) this.#refusals.set(message.uuid, message.refused);
        for (const listener of this.#listeners) listener(message.uuid);
        return;
      case 'log':
        this.#init.log(message.level, message.message, message.details);
    }
  }

  async #open(call: number, uuid: string, user: User): Promise<void> {
    const { core } = this.#init;
    let open: OpenDevice | undefined;
    try {
      open = await core.open(uuid, user);
      const attributes = core.attributes(uuid);
      this.#opens.set(call, open);
      this.#thread?.post({ kind: 'opened', call, attributes });
    } catch (error) {
      await open?.[Symbol.asyncDispose]();
      this.#thread?.post({ kind: 'refused', call, refusal: toRefusal(error) });
    }
  }

  async #release(call: number): Promise<void> {
    const open = this.#opens.get(call);
    this.#opens.delete(call);
    // The core reports what a driver's release says; to the connection the device is closed all the same.
    await open?.[Symbol.asyncDispose]();
    this.#thread?.post({ kind: 'released', call });
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** The I/O thread as the main thread sees it. */
interface IOThread {
  post(message: ToThread): void;
  /** Resolves, with why, when the thread ends without having been told to. */
  readonly died: Promise<Error>;
  end(): Promise<void>;
}

async function startThread(data: ThreadData, hear: (message: FromThread) => void): Promise<IOThread> {
  const worker = new Worker(programBeside(import.meta.url, 'device-thread'), { workerData: data, execArgv: [...nodeFlags] });
  const ready = Promise.withResolvers<number>();
  const died = Promise.withResolvers<Error>();
  worker.on('message', (message: FromThread) => {
    if (message.kind === 'ready') ready.resolve(message.wake);
    else hear(message);
  });
  worker.once('error', (error) => died.resolve(error instanceof Error ? error : new Error(String(error))));
  worker.once('exit', (status) => died.resolve(new Error(`the I/O thread ended by itself with status ${status}`)));
  const wake = await Promise.race([ready.promise, died.promise]);
  if (typeof wake !== 'number') throw new Error('Cannot start the I/O thread of the devices', { cause: wake });

  // Its messages may never come when the process ends.
  const stopFlag = new Int32Array(data.stop);
  const thread = keepWakeable(worker, wake, () => Atomics.store(stopFlag, 0, 1));
  const post = (message: ToThread): void => {
    worker.postMessage(message);
    thread.wake();
  };
  return {
    post,
    died: died.promise,
    async end() {
      post({ kind: 'stop' });
      await thread.ended;
    },
  };
}
