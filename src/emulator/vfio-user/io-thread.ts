import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { receiveMessageOnPort } from 'node:worker_threads';
import { ErrnoError } from '../../lib/errno.ts';
import { must } from '../../lib/libc/libc.ts';
import type { DeviceModel, ModelServices } from '../vfio/model.ts';
import { interest } from '../../lib/libc/event-loop.ts';
import type { IOContext } from './io-context.ts';
import { openIOContext } from './io-context.ts';
import { PortSocket } from './port-socket.ts';
import type { Core, CoreOpen } from './served-device.ts';
import { ServedDevice } from './served-device.ts';
import { MemFile } from './shared-memory.ts';
import type { FromThread, PinRefusal, ThreadData, ToThread } from './thread-protocol.ts';
import { fromRefusal, toRefusal } from './thread-protocol.ts';
import { removeStaleSockets } from './unix-listener.ts';

export interface IOThreadInit {
  readonly data: ThreadData;
  /** To the main thread. Nobody else listens to it. */
  readonly port: MessagePort;
  /** Makes the device of a `serve`. @throws when `model` is none */
  readonly createModel: (model: unknown, services: ModelServices) => DeviceModel;
}

/** Runs the devices and their connections in this thread, until the main thread says `stop` or the process ends. */
export async function runIOThread(init: IOThreadInit): Promise<void> {
  const { data, port } = init;
  const post = (message: FromThread): void => port.postMessage(message);
  const context = openIOContext(data.runDir, (level, message, error) =>
    post({ kind: 'log', level, message, details: errorDetails(error) }),
  );
  const { libc, loop } = context;
  removeStaleSockets(libc, data.runDir);
  const thread = new IOThread(init, context, post);
  const wake = must(libc.eventfd(), 'eventfd');
  const count = new Uint8Array(8);
  const stop = new Int32Array(data.stop);
  loop.add(wake, interest.read, () => {
    libc.read(wake, count);
    // The process ends: the messages may never come.
    if (Atomics.load(stop, 0) !== 0) loop.stop();
    for (let received = receiveMessageOnPort(port); received !== undefined; received = receiveMessageOnPort(port))
      thread.hear(received.message as ToThread);
  });
  post({ kind: 'ready', wake });
  await loop.run();
  await thread.close();
  loop[Symbol.dispose]();
  // The fd that wakes is the main thread's to close: it may be writing to it now.
}

class IOThread {
  readonly #init: IOThreadInit;
  readonly #context: IOContext;
  readonly #post: (message: FromThread) => void;
  readonly #devices = new Map<string, ServedDevice>();
  readonly #core: Core;
  #calls = 0;
  readonly #opening = new Map<number, PromiseWithResolvers<Readonly<Record<string, string>>>>();
  readonly #releasing = new Map<number, PromiseWithResolvers<undefined>>();

  constructor(init: IOThreadInit, context: IOContext, post: (message: FromThread) => void) {
    this.#init = init;
    this.#context = context;
    this.#post = post;
    this.#core = { open: (uuid, user) => this.#open(uuid, user) };
  }

  hear(message: ToThread): void {
    switch (message.kind) {
      case 'serve':
        this.#serve(message.call, message.uuid, message.model);
        return;
      case 'withdraw':
        this.#withdraw(message.call, message.uuid);
        return;
      case 'opened':
        take(this.#opening, message.call)?.resolve(message.attributes);
        return;
      case 'refused':
        take(this.#opening, message.call)?.reject(fromRefusal(message.refusal));
        return;
      case 'released':
        take(this.#releasing, message.call)?.resolve(undefined);
        return;
      case 'use':
        this.#post({
          kind: 'use',
          call: message.call,
          devices: [...this.#devices.values()].flatMap((device) => device.use() ?? []),
        });
        return;
      case 'request':
        this.#devices.get(message.uuid)?.request();
        return;
      case 'stop':
        this.#context.loop.stop();
    }
  }

  /** Ends all connections. The core is not waited for: it ends as well. */
  async close(): Promise<void> {
    for (const { reject } of this.#opening.values()) reject(new ErrnoError('ENODEV', 'the host went down'));
    this.#opening.clear();
    const closing = [...this.#devices.values()].map((device) => device.close());
    this.#devices.clear();
    for (const { resolve } of this.#releasing.values()) resolve(undefined);
    await Promise.all(closing);
  }

  #serve(call: number, uuid: string, spec: unknown): void {
    let model: DeviceModel | undefined;
    try {
      model = this.#init.createModel(spec, this.#services(uuid));
      const onChanged = (changed: string, refused?: PinRefusal): void =>
        this.#post({ kind: 'changed', uuid: changed, ...(refused !== undefined && { refused }) });
      this.#devices.set(uuid, new ServedDevice({ uuid, model, context: this.#context, core: this.#core, onChanged }));
      this.#post({ kind: 'done', call });
    } catch (error) {
      model?.dispose();
      this.#post({ kind: 'done', call, refusal: toRefusal(error) });
    }
  }

  #withdraw(call: number, uuid: string): void {
    const device = this.#devices.get(uuid);
    this.#devices.delete(uuid);
    this.#context.loop.start(
      async () => {
        await device?.close();
        this.#post({ kind: 'done', call });
      },
      (error) => this.#post({ kind: 'done', call, refusal: toRefusal(error) }),
    );
  }

  #services(uuid: string): ModelServices {
    const { libc, loop, runDir } = this.#context;
    return {
      sharedMemory: (size) => new MemFile(libc, size),
      listen: (name, handlers) =>
        new PortSocket({
          path: join(runDir, `${uuid}.${name}`),
          libc,
          loop,
          ...handlers,
          onExhausted: (listener, resume) => this.#context.turnAway(listener, resume),
        }),
    };
  }

  async #open(uuid: string, user: { readonly pid: number; readonly comm: string }): Promise<CoreOpen> {
    const call = ++this.#calls;
    const answer = this.#context.loop.deferred<Readonly<Record<string, string>>>();
    this.#opening.set(call, answer);
    this.#post({ kind: 'open', call, uuid, user });
    const attributes = await answer.promise;
    return {
      attributes,
      release: () => {
        const released = this.#context.loop.deferred<undefined>();
        this.#releasing.set(call, released);
        this.#post({ kind: 'release', call });
        return released.promise;
      },
    };
  }
}

function take<T>(map: Map<number, T>, key: number): T | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}

/** What can be sent of an error to another thread, with its causes. */
function errorDetails(error: unknown): object {
  if (error === undefined) return {};
  if (!(error instanceof Error)) return { error: 'something was thrown that is no Error' };
  return {
    error: error.message,
    ...(error instanceof ErrnoError ? { code: error.code } : { stack: error.stack }),
    ...(error.cause !== undefined && { cause: errorDetails(error.cause) }),
  };
}
