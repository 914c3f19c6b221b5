import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** A UNIX socket that QEMU connects to, and what comes over it. */
export class LineSocket implements Disposable {
  readonly #server: Server;
  readonly #connected: Promise<Socket>;
  #text = '';
  #waiters: (() => void)[] = [];

  constructor(server: Server) {
    this.#server = server;
    this.#connected = once(server, 'connection').then(([socket]) => {
      (socket as Socket).setEncoding('latin1').on('data', (text: string) => {
        this.#text += text;
        for (const wake of this.#waiters.splice(0)) wake();
      });
      (socket as Socket).on('error', () => undefined);
      return socket as Socket;
    });
  }

  /** All that has come and was not taken. */
  get text(): string {
    return this.#text;
  }

  async write(text: string): Promise<void> {
    (await this.#connected).write(text, 'latin1');
  }

  /** Takes what has come up to and with a match of `pattern`. @throws Error, with what has come, when there is none within `timeout` ms */
  async take(pattern: RegExp, timeout: number): Promise<RegExpExecArray> {
    const patience = AbortSignal.timeout(timeout);
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null) {
        this.#text = this.#text.slice(found.index + found[0].length);
        return found;
      }
      if (patience.aborted)
        throw new Error(`Nothing like ${pattern} came within ${timeout} ms; the last that did: ${this.#text.slice(-2000)}`);
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
        patience.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  [Symbol.dispose](): void {
    this.#server.close();
    void this.#connected.then((socket) => socket.destroy());
  }
}

/** A socket at `path` that listens. */
export async function lineSocket(path: string): Promise<LineSocket> {
  const server = createServer();
  const socket = new LineSocket(server);
  server.listen(path);
  await once(server, 'listening');
  return socket;
}
