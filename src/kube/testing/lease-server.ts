import { KubeConfig } from '@kubernetes/client-node';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import { HttpClient } from '../http-client.ts';

interface StoredLease {
  readonly metadata: Record<string, unknown>;
  readonly spec: Record<string, unknown>;
}

/** A real HTTP server that holds one Lease with optimistic concurrency, and can be made to fail. */
export class LeaseServer {
  broken = false;
  #lease: StoredLease | undefined;
  #version = 0;
  #busy = 0;
  readonly #clients: HttpClient[] = [];
  readonly #server: Server = createServer((request, response) => {
    this.#busy += 1;
    response.on('close', () => {
      this.#busy -= 1;
    });
    void this.#answer(request, response);
  });

  static async start(): Promise<LeaseServer> {
    const server = new LeaseServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get spec(): Record<string, unknown> {
    return this.#lease?.spec ?? {};
  }

  get holder(): unknown {
    return this.spec['holderIdentity'];
  }

  put(spec: Record<string, unknown>): void {
    this.#version += 1;
    this.#lease = { metadata: { namespace: 'kube-system', name: 'leader', resourceVersion: String(this.#version) }, spec };
  }

  client(clock: Clock): HttpClient {
    const config = new KubeConfig();
    const { port } = this.#server.address() as AddressInfo;
    config.loadFromOptions({
      clusters: [{ name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true }],
      users: [{ name: 'test' }],
      contexts: [{ name: 'test', cluster: 'test', user: 'test' }],
      currentContext: 'test',
    });
    const client = new HttpClient({ config, clock, userAgent: 'test' });
    this.#clients.push(client);
    return client;
  }

  /** Resolves when requests have come and gone: nothing under way for a while of turns. */
  async quiet(): Promise<void> {
    for (let calm = 0; calm < 30; calm = this.#busy === 0 ? calm + 1 : 0) await new Promise((resolve) => setImmediate(resolve));
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const send = (code: number, body: unknown): void => void response.writeHead(code).end(JSON.stringify(body));
    const refuse = (code: number, reason: string): void => send(code, { kind: 'Status', code, reason, message: reason });
    if (this.broken) {
      refuse(500, 'InternalError');
    } else if (request.method === 'GET') {
      if (this.#lease === undefined) refuse(404, 'NotFound');
      else send(200, this.#lease);
    } else if (request.method === 'POST' && this.#lease !== undefined) {
      refuse(409, 'AlreadyExists');
    } else {
      const written = JSON.parse(text) as StoredLease;
      const version = written.metadata['resourceVersion'];
      if (request.method === 'PUT' && version !== String(this.#version)) {
        refuse(409, 'Conflict');
        return;
      }
      this.put(written.spec);
      send(200, this.#lease);
    }
  }
}
