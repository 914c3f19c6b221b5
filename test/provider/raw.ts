import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';

/** Bare frames on a provider's socket, for what no client of ours would send. */

export function frame(message: unknown): string {
  return `${JSON.stringify(message)}\n`;
}

export function call(id: unknown, method: string, params: unknown = {}): object {
  return { jsonrpc: '2.0', id, method, params };
}

/** Sends `data` on a connection of its own; answers what came back until the server closed it. */
export async function sendAndListen(socketPath: string, data: string | Uint8Array): Promise<string> {
  const socket = connect(socketPath);
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  const closed = closing(socket);
  socket.write(data);
  await closed;
  return answer;
}

/** Resolves when the connection is over. That the server closes while we still write is one way to say no. */
export function closing(socket: Socket): Promise<void> {
  socket.on('error', (error: NodeJS.ErrnoException) => expect(['EPIPE', 'ECONNRESET']).toContain(error.code));
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
}

/** A raw client that reads answers line by line. */
export class RawClient {
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor(socketPath: string) {
    this.socket = connect(socketPath);
    this.#lines = createInterface(this.socket)[Symbol.asyncIterator]();
  }

  async ask(message: object): Promise<Answer> {
    this.socket.write(frame(message));
    return this.next();
  }

  async next(): Promise<Answer> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('The connection is closed');
    return JSON.parse(line.value) as Answer;
  }
}
