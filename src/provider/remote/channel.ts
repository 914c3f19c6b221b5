import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { Logger } from 'pino';
import { CancellationTokenSource, createMessageConnection, ProgressType, type MessageConnection } from 'vscode-jsonrpc/node';
import type { Clock } from '../../lib/clock.ts';
import { ProviderError } from '../contract.ts';
import { toClientSchema } from './envelope.ts';
import { LineReader, LineWriter, maxAnswerBytes, maxRequestBytes } from './json-lines.ts';
import { libraryLogger } from './library-logger.ts';
import { checkParams, hello, protocolVersion, type Call, type Stream } from './protocol.ts';
import { fromWire } from './wire-error.ts';

/** How long the server may take to answer `hello`, in ms. */
const helloWithin = 5_000;

const progress = new ProgressType<unknown>();

/** A stream that the server sends. `cancel` asks it to end; `ended` settles when it has, rejected if it failed. */
export interface OpenStream {
  cancel(): void;
  readonly ended: Promise<void>;
}

/**
 * The client's end of one connection; once closed it stays closed. Calls in flight then fail with EIO at step `connect`.
 */
export class Channel {
  readonly #socket: Socket;
  readonly #rpc: MessageConnection;
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  #tokens = 0;

  constructor(socket: Socket, clock: Clock, log: Logger) {
    this.#socket = socket;
    this.#clock = clock;
    this.#rpc = createMessageConnection(
      new LineReader(socket, { maxBytes: maxAnswerBytes, envelope: toClientSchema }),
      new LineWriter(socket, { maxBytes: maxRequestBytes }),
      libraryLogger(log),
    );
    this.#rpc.onError(([error]) => log.warn({ err: error }, 'connection to the provider failed'));
    socket.once('close', () => {
      this.#closed.abort(new ProviderError('EIO', 'connect', 'The connection to the provider broke'));
      this.#rpc.dispose();
    });
    this.#rpc.listen();
  }

  /** Aborts when the connection is over; its reason is the ProviderError that calls in flight fail with. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  close(): void {
    this.#socket.destroy();
  }

  /**
   * Asks and waits for the answer.
   * @param within ms until the call is given up with ETIMEDOUT, or `ever`
   * @throws ProviderError as the server answered; EIO when the connection breaks; the signal's reason when it aborts
   */
  async request<P extends object, R>(call: Call<P, R>, params: P, within: number | 'ever', signal: AbortSignal): Promise<R> {
    const checked = checkParams(call, params);
    signal.throwIfAborted();
    this.#closed.signal.throwIfAborted();
    const cancellation = new CancellationTokenSource();
    const deadline = new AbortController();
    const stopTimer =
      within === 'ever'
        ? undefined
        : this.#clock.setTimeout(() => {
            deadline.abort(new ProviderError('ETIMEDOUT', call.step, `No answer to ${call.name} within ${within} ms`));
          }, within);
    try {
      const answer = this.#rpc.sendRequest<unknown>(call.name, checked, cancellation.token);
      return this.#check(call, await settle(answer, call.name, [signal, deadline.signal, this.#closed.signal]));
    } finally {
      stopTimer?.();
      if (signal.aborted || deadline.signal.aborted) cancellation.cancel();
      cancellation.dispose();
    }
  }

  /** Starts a stream whose events go to `onEvent` in order. */
  stream<P extends object, E>(stream: Stream<P, E>, params: P, onEvent: (event: E) => void): OpenStream {
    const checked = checkParams(stream, params);
    this.#closed.signal.throwIfAborted();
    const token = this.#tokens++;
    const cancellation = new CancellationTokenSource();
    const handler = this.#rpc.onProgress(progress, token, (value) => {
      const event = stream.event.safeParse(value);
      if (event.success) onEvent(event.data);
      else this.#distrust(stream.name, event.error);
    });
    const answer = this.#rpc.sendRequest<unknown>(stream.name, { ...checked, token }, cancellation.token);
    const ended = settle(answer, stream.name, [this.#closed.signal]).then(
      () => handler.dispose(),
      (error: unknown) => {
        handler.dispose();
        throw error;
      },
    );
    return { cancel: () => cancellation.cancel(), ended };
  }

  #check<P, R>(call: Call<P, R>, answer: unknown): R {
    const result = call.result.safeParse(answer);
    if (result.success) return result.data;
    throw this.#distrust(call.name, result.error);
  }

  /** A peer that answers nonsense once is not asked again. */
  #distrust(name: string, cause: unknown): ProviderError {
    const error = new ProviderError('EIO', 'connect', `The answer to ${name} is not what the protocol says`, { cause });
    this.#closed.abort(error);
    this.close();
    return error;
  }
}

/** Waits for `answer` until one of the signals aborts, and throws that signal's reason then. */
async function settle(answer: Promise<unknown>, name: string, signals: readonly AbortSignal[]): Promise<unknown> {
  const signal = AbortSignal.any([...signals]);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    answer.then(resolve, (error: unknown) => reject(fromWire(error, name))).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/**
 * Connects to a server and agrees with it on the protocol.
 * @throws ProviderError EIO at step `connect`
 */
export async function openChannel(socketPath: string, clock: Clock, log: Logger, signal: AbortSignal): Promise<Channel> {
  const socket = createConnection(socketPath);
  try {
    await once(socket, 'connect', { signal });
  } catch (cause) {
    socket.destroy();
    signal.throwIfAborted();
    throw new ProviderError('EIO', 'connect', `Cannot connect to the provider at ${socketPath}`, { cause });
  }
  const channel = new Channel(socket, clock, log);
  try {
    const { protocol } = await channel.request(hello, {}, helloWithin, signal);
    if (protocol !== protocolVersion)
      throw new ProviderError('EIO', 'connect', `The server at ${socketPath} speaks protocol ${protocol}, not ${protocolVersion}`);
    return channel;
  } catch (error) {
    channel.close();
    throw error;
  }
}
