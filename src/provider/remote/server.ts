import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Logger } from 'pino';
import { hello, protocolVersion } from './protocol.ts';
import { ServedConnection } from './served-connection.ts';
import { bindSocket, type BoundSocket } from './socket-file.ts';

const maxClients = 1024;

/** Adds its calls to a connection that has just been made. */
export type Service = (connection: ServedConnection) => void;

export interface SocketServerInit {
  /** Where the socket appears, mode 0600. */
  readonly socketPath: string;
  readonly services: readonly Service[];
  readonly log: Logger;
}

/** Serves services to many clients on one UNIX socket. Disposing it ends all connections and takes the socket away. */
export class SocketServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #init: SocketServerInit;
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<Promise<void>>();
  #bound: BoundSocket | undefined;

  /** Not listening yet: see `serveSocket`. */
  constructor(init: SocketServerInit) {
    this.#init = init;
    this.#server = createServer((socket) => this.#connected(socket));
    this.#server.maxConnections = maxClients;
  }

  /** @throws Error if another server answers there, or the path cannot be used */
  async listen(): Promise<void> {
    this.#bound = await bindSocket(this.#server, this.#init.socketPath);
    this.#server.on('error', (error) => this.#init.log.error({ err: error }, 'provider socket failed'));
  }

  get clients(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bound?.unlink();
    this.#bound = undefined;
    if (this.#server.listening) {
      const closed = once(this.#server, 'close');
      this.#server.close();
      for (const socket of this.#sockets) socket.destroy();
      await closed;
    }
    await Promise.all(this.#connections);
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    const connection = new ServedConnection(socket, this.#init.log);
    connection.handle(hello, async () => ({ protocol: protocolVersion }));
    for (const service of this.#init.services) service(connection);
    const run = connection.run().finally(() => {
      this.#sockets.delete(socket);
      this.#connections.delete(run);
    });
    this.#connections.add(run);
  }
}

/** A server that listens. */
export async function serveSocket(init: SocketServerInit): Promise<SocketServer> {
  const server = new SocketServer(init);
  await server.listen();
  return server;
}
