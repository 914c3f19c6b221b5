import { KubeConfig } from '@kubernetes/client-node';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import type { RequestObservation } from '../client.ts';
import { HttpClient } from '../http-client.ts';

/** A request that reached the test's server, with its body read. */
export interface Received {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Handler = (received: Received, response: ServerResponse) => void;

/**
 * A real HTTP server whose answers a test writes by hand, one function for each request in order of arrival; requests beyond
 * the script wait without an answer.
 */
export class ScriptedServer implements AsyncDisposable {
  readonly received: Received[] = [];
  /** Connections opened so far. */
  connections = 0;
  readonly #script: Handler[] = [];
  readonly #parked: (() => void)[] = [];
  readonly #server: Server;
  readonly #arrivals = new Set<() => void>();

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#take(request, response);
    });
  }

  async start(): Promise<this> {
    this.#server.on('connection', () => {
      this.connections += 1;
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers the next request that has no answer yet. */
  next(handler: Handler): this {
    this.#script.push(handler);
    this.#parked.shift()?.();
    return this;
  }

  /** Resolves when so many requests have arrived in all. */
  async arrived(count: number): Promise<void> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrivals.add(resolve);
      });
    }
  }

  client(clock: Clock, onRequest?: (observation: RequestObservation) => void): HttpClient {
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [{ name: 'test', server: this.origin, skipTLSVerify: true }],
      users: [{ name: 'test', token: 'secret' }],
      contexts: [{ name: 'test', cluster: 'test', user: 'test' }],
      currentContext: 'test',
    });
    return new HttpClient({ config, clock, userAgent: 'test', ...(onRequest === undefined ? {} : { onRequest }) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const received = {
      method: request.method ?? '',
      url: new URL(request.url ?? '', this.origin),
      headers: request.headers,
      body,
    };
    this.received.push(received);
    const answer = (): void => this.#script.shift()?.(received, response);
    if (this.#script.length > 0) answer();
    else this.#parked.push(answer);
    for (const arrived of this.#arrivals) arrived();
    this.#arrivals.clear();
  }
}

/** Answers with JSON. */
export function json(code: number, body: unknown, headers: Record<string, string> = {}): Handler {
  return (_, response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

/** Answers with a Status object. */
export function status(code: number, reason: string, message: string, headers: Record<string, string> = {}): Handler {
  return json(code, { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message }, headers);
}

/** Answers a list. */
export function list(resourceVersion: string, items: readonly object[], continueToken?: string): Handler {
  return json(200, { kind: 'List', metadata: { resourceVersion, continue: continueToken }, items });
}

/** Opens a watch with these lines, and ends it or leaves it open. */
export function watch(lines: readonly object[], end: 'end' | 'open' | 'reset' = 'open'): Handler {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
    if (end === 'end') response.end();
    // Lets the lines arrive before the connection breaks.
    if (end === 'reset') setImmediate(() => setImmediate(() => response.socket?.resetAndDestroy()));
  };
}
