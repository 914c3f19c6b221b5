import type { Socket } from 'node:net';
import { AbstractMessageReader, AbstractMessageWriter } from 'vscode-jsonrpc/node';
import type { DataCallback, Disposable, Message, MessageReader, MessageWriter } from 'vscode-jsonrpc/node';
import type { z } from 'zod';

/** The longest message a server takes, in bytes without the newline. */
export const maxRequestBytes = 4 * 1024 * 1024;
/** The longest message a client takes: lists are long. */
export const maxAnswerBytes = 64 * 1024 * 1024;

interface LineWriterInit {
  /** What the other side takes at most. */
  readonly maxBytes: number;
  /** Called when a message is written and the socket has room again. */
  readonly onWritten?: (message: Message) => void;
}

interface LineReaderInit<M extends Message> {
  readonly maxBytes: number;
  readonly envelope: z.ZodType<M>;
  /** Sees each well-formed message first; what it throws ends the connection. */
  readonly inspect?: (message: M) => void;
}

const newline = 0x0a;

/**
 * Messages of a socket, one JSON text a line, for vscode-jsonrpc.
 *
 * The library's own framing (Content-Length headers) believes its peer: it keeps as many bytes as are announced and passes on
 * whatever parses. This one bounds the length, checks every envelope, and destroys the socket at the first message that
 * breaks either: what follows it cannot be trusted to start a message.
 */
export class LineReader<M extends Message> extends AbstractMessageReader implements MessageReader {
  readonly #socket: Socket;
  readonly #init: LineReaderInit<M>;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(socket: Socket, init: LineReaderInit<M>) {
    super();
    this.#socket = socket;
    this.#init = init;
  }

  listen(callback: DataCallback): Disposable {
    const onData = (chunk: Buffer): void => {
      try {
        this.#take(chunk, callback);
      } catch (cause) {
        this.#chunks = [];
        this.#socket.off('data', onData);
        this.fireError(new Error('Cannot read a message from the socket', { cause }));
        this.#socket.destroy();
      }
    };
    this.#socket.on('data', onData);
    this.#socket.on('error', (error) => this.fireError(error));
    this.#socket.on('close', () => this.fireClose());
    return { dispose: () => this.#socket.off('data', onData) };
  }

  #take(chunk: Buffer, callback: DataCallback): void {
    let rest = chunk;
    for (let end = rest.indexOf(newline); end !== -1; end = rest.indexOf(newline)) {
      this.#keep(rest.subarray(0, end));
      const line = Buffer.concat(this.#chunks);
      this.#chunks = [];
      this.#length = 0;
      rest = rest.subarray(end + 1);
      const message = this.#init.envelope.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line)));
      this.#init.inspect?.(message);
      callback(message);
    }
    if (rest.length > 0) this.#keep(rest);
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#init.maxBytes) throw new Error(`The message is longer than ${this.#init.maxBytes} bytes`);
    this.#chunks.push(part);
  }
}

/** The writing half. A write resolves when the socket has room again, so whoever awaits it cannot pile up messages. */
export class LineWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #socket: Socket;
  readonly #init: LineWriterInit;
  #room: Promise<void> | undefined;
  #corked = false;

  constructor(socket: Socket, init: LineWriterInit) {
    super();
    this.#socket = socket;
    this.#init = init;
    socket.on('close', () => this.fireClose());
  }

  async write(message: Message): Promise<void> {
    if (this.#socket.destroyed || this.#socket.writableEnded) throw new Error('The connection is closed');
    const line = Buffer.from(`${JSON.stringify(message)}\n`);
    if (line.length > this.#init.maxBytes) throw new Error(`The message is longer than ${this.#init.maxBytes} bytes`);
    this.#cork();
    if (!this.#socket.write(line)) await this.#untilRoom();
    this.#init.onWritten?.(message);
  }

  end(): void {
    this.#socket.end();
  }

  /** Gathers what is written in one turn of the event loop: a system call costs more than all else about a small message. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  #untilRoom(): Promise<void> {
    this.#room ??= new Promise((resolve) => {
      const done = (): void => {
        this.#room = undefined;
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
    return this.#room;
  }
}
