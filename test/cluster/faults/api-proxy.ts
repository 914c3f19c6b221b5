/**
 * A way to an API server that can be as bad as any: between a client and kube-apiserver, it refuses, delays, loses answers and cuts
 * watches, as a test says. It speaks HTTP without TLS towards the client, for which this process is all there is in between.
 */
import { KubeConfig } from '@kubernetes/client-node';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { stringify } from 'yaml';
import { HttpClient } from '../../../src/kube/http-client.ts';
import { systemClock } from '../../../src/lib/clock.ts';

/** A request as it passes. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly isWatch: boolean;
  /** Of the client. */
  readonly userAgent: string;
}

/**
 * What becomes of a request:
 * - `cut`: nothing of it arrives;
 * - `lose`: it is carried out, and its answer is lost;
 * - `delay`: it is carried out, and answered so much later;
 * - `hold`: it is sent on only then;
 * - `refuse`: the proxy answers in the server's place;
 * - `shorten`: so many bytes of the answer arrive, then the connection breaks.
 */
export type Fate =
  | { readonly kind: 'cut' }
  | { readonly kind: 'lose' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  | { readonly kind: 'refuse'; readonly code: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'shorten'; readonly bytes: number };

export class ApiProxy implements AsyncDisposable {
  /** Decides; undefined lets a request pass. May be set at any time. */
  fate: (passing: Passing) => Fate | undefined = () => undefined;
  readonly passed: (Passing & { readonly at: number })[] = [];
  /** How often the server has said that what somebody goes on from is too old: 410, as the answer or as the event of a watch. */
  expired = 0;
  readonly #server: Server;
  readonly #upstream: URL;
  readonly #agent: Agent;
  readonly #token: string;
  readonly #clients: HttpClient[] = [];

  private constructor(upstream: URL, tls: { ca: Buffer; cert?: Buffer; key?: Buffer }, token: string) {
    this.#upstream = upstream;
    this.#agent = new Agent({ ...tls, keepAlive: true });
    this.#token = token;
    this.#server = createServer((incoming, outgoing) => this.#take(incoming, outgoing));
  }

  /** Starts one in front of the API server of `kubeconfig`, with whose token or certificate its clients are known there. */
  static async start(kubeconfig: string): Promise<ApiProxy> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
    const bytes = (data: string | undefined): Buffer => Buffer.from(data ?? '', 'base64');
    const known = user?.certData === undefined ? {} : { cert: bytes(user.certData), key: bytes(user.keyData) };
    const tls = { ca: bytes(cluster?.caData), ...known };
    const proxy = new ApiProxy(new URL(cluster?.server ?? ''), tls, user?.token ?? '');
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** @param requestTimeout after which its requests are given up, ms */
  client(requestTimeout = 30_000, userAgent = 'through-proxy'): HttpClient {
    const config = new KubeConfig();
    config.loadFromString(this.#kubeconfig());
    const client = new HttpClient({ config, clock: systemClock, userAgent, requestTimeout });
    this.#clients.push(client);
    return client;
  }

  /** Writes a kubeconfig that leads through here. */
  async writeKubeconfig(path: string): Promise<void> {
    await writeFile(path, this.#kubeconfig(), { mode: 0o600 });
  }

  /** Breaks all connections of now, watches included. */
  breakConnections(): void {
    this.#server.closeAllConnections();
  }

  #kubeconfig(): string {
    const { port } = this.#server.address() as AddressInfo;
    return stringify({
      apiVersion: 'v1',
      kind: 'Config',
      // Without it client-node refuses http.
      clusters: [{ name: 'proxy', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'proxy', user: this.#token === '' ? {} : { token: this.#token } }],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy' } }],
      'current-context': 'proxy',
    });
  }

  #take(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = incoming;
    const passing = { method, path: url, isWatch: url.includes('watch=true'), userAgent: headers['user-agent'] ?? '' };
    this.passed.push({ ...passing, at: Date.now() });
    const fate = this.fate(passing);
    if (fate?.kind === 'cut') {
      incoming.destroy();
      return;
    }
    if (fate?.kind === 'refuse') {
      incoming.resume();
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: fate.code, message: 'refused by the proxy' };
      outgoing.writeHead(fate.code, { 'content-type': 'application/json', ...fate.headers }).end(JSON.stringify(status));
      return;
    }
    if (fate?.kind === 'hold') void fate.until.then(() => this.#forward(incoming, outgoing, fate));
    else this.#forward(incoming, outgoing, fate);
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse, fate: Fate | undefined): void {
    const { method, url: path, headers } = incoming;
    const { hostname: host, port } = this.#upstream;
    const onward = request({ host, port, method, path, headers, agent: this.#agent }, (answer) => {
      if (fate?.kind === 'lose') {
        answer.resume().on('end', () => outgoing.destroy());
        return;
      }
      if (answer.statusCode === 410) this.expired += 1;
      const begin = (): void => {
        if (path?.includes('watch=true')) answer.on('data', (chunk: Buffer) => (this.expired += chunk.includes('"code":410') ? 1 : 0));
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
        if (fate?.kind === 'shorten') shorten(answer, outgoing, fate.bytes);
        else answer.pipe(outgoing);
      };
      if (fate?.kind === 'delay') setTimeout(begin, fate.ms);
      else begin();
      answer.on('error', () => outgoing.destroy());
    });
    onward.on('error', () => outgoing.destroy());
    // A watch that the client gives up is to end at the server too.
    outgoing.on('close', () => outgoing.writableEnded || onward.destroy());
    incoming.pipe(onward);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
    this.#agent.destroy();
  }
}

function shorten(answer: IncomingMessage, outgoing: ServerResponse, bytes: number): void {
  let left = bytes;
  answer.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, left);
    left -= part.length;
    outgoing.write(part, () => {
      if (left === 0) outgoing.destroy();
    });
  });
  answer.on('end', () => outgoing.end());
}
