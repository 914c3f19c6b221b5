import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { createMessageConnection, ProgressType, type CancellationToken, type Message } from 'vscode-jsonrpc/node';
import { ErrnoError, errnoOf } from '../../lib/errno.ts';
import { ProviderError } from '../contract.ts';
import { toServerSchema, type ToServer } from './envelope.ts';
import { LineReader, LineWriter, maxAnswerBytes, maxRequestBytes } from './json-lines.ts';
import { libraryLogger } from './library-logger.ts';
import { checkParams, tokenSchema, type Call, type Stream } from './protocol.ts';
import { toWire } from './wire-error.ts';

/** More calls of one client than this are not worked on at once: it has lost its mind, and its connection. */
const maxInFlight = 16_384;
/** A client that leaves so many bytes unread does not read at all. */
const maxUnreadBytes = 32 * 1024 * 1024;

const clientAdvice = 'Look which program uses this socket: an agent of the same version as this emulator is served';

const progress = new ProgressType<unknown>();

/**
 * The server's end of one client's connection. Handlers get a signal that aborts when the client cancels the call or is gone.
 */
export class ServedConnection {
  readonly #socket: Socket;
  readonly #log: Logger;
  readonly #rpc;
  /** Ids of the calls that are not answered yet. */
  readonly #inFlight = new Set<number>();
  readonly #gone = new AbortController();

  constructor(socket: Socket, log: Logger) {
    this.#socket = socket;
    this.#log = log;
    const reader = new LineReader(socket, {
      maxBytes: maxRequestBytes,
      envelope: toServerSchema,
      inspect: (message) => this.#count(message),
    });
    const writer = new LineWriter(socket, { maxBytes: maxAnswerBytes, onWritten: (message) => this.#answered(message) });
    this.#rpc = createMessageConnection(reader, writer, libraryLogger(log));
  }

  /** Answers `call` with what `handler` resolves to. */
  handle<P, R>(call: Call<P, R>, handler: (params: P, signal: AbortSignal) => Promise<R>): void {
    this.#rpc.onRequest(call.name, (params: unknown, token: CancellationToken) =>
      this.#answer(token, (signal) => handler(checkParams(call, params), signal)),
    );
  }

  /** Sends what `handler` yields as events of the call, one at a time as the client takes them, and answers when it ends. */
  stream<P, E>(stream: Stream<P, E>, handler: (params: P, signal: AbortSignal) => AsyncIterable<E>): void {
    this.#rpc.onRequest(stream.name, (params: unknown, token: CancellationToken) =>
      this.#answer(token, async (signal) => {
        const { token: progressToken } = tokenSchema.parse(params);
        for await (const event of handler(checkParams(stream, params), signal)) {
          if (signal.aborted) break;
          await this.#rpc.sendProgress(progress, progressToken, event);
        }
        return null;
      }),
    );
  }

  /** Starts reading; resolves when the connection is over and its handlers are told. */
  async run(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    this.#rpc.onError(([error]) => this.#tellOf(error));
    this.#rpc.listen();
    await closed;
    this.#gone.abort(new ProviderError('EIO', 'connect', 'The client is gone'));
    this.#rpc.dispose();
  }

  /** That a client is killed with calls outstanding is its own affair; what it says that makes no sense is worth a look. */
  #tellOf(error: Error): void {
    const code = errnoOf(error);
    if (code === 'EPIPE' || code === 'ECONNRESET') this.#log.info({ code }, 'a client of the provider has gone before it was answered');
    else this.#log.warn({ err: error, advice: clientAdvice }, 'a client of the provider is not served any further');
  }

  async #answer(token: CancellationToken, work: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
    const cancelled = new AbortController();
    const subscription = token.onCancellationRequested(() => cancelled.abort(new Error('Cancelled by the client')));
    const signal = AbortSignal.any([cancelled.signal, this.#gone.signal]);
    try {
      return await work(signal);
    } catch (error) {
      if (!(error instanceof ProviderError || error instanceof ErrnoError) && !signal.aborted && !this.#socket.destroyed)
        this.#log.error({ err: error }, 'provider call failed');
      throw toWire(error);
    } finally {
      subscription.dispose();
    }
  }

  /** Counts a call as in flight. @throws Error when the client is not to be served any further */
  #count(message: ToServer): void {
    if (!('id' in message)) return;
    if (this.#inFlight.has(message.id)) throw new Error(`Call ${message.id} is not answered yet`);
    if (this.#inFlight.size >= maxInFlight) throw new Error(`${maxInFlight} calls are not answered yet`);
    // The socket is read on whatever happens: a paused one would not tell that the client, and what it holds, is gone.
    if (this.#socket.writableLength > maxUnreadBytes) throw new Error(`${this.#socket.writableLength} bytes of answers are not read`);
    this.#inFlight.add(message.id);
  }

  #answered(message: Message): void {
    if ('id' in message && typeof message.id === 'number') this.#inFlight.delete(message.id);
  }
}
