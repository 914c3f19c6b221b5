import { HttpMethod, KubeConfig, RequestContext, type Cluster, type DispatcherOptions } from '@kubernetes/client-node';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AgentOptions } from 'node:https';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { Agent, type Dispatcher } from 'undici';
import type { Clock } from '../lib/clock.ts';

/** For how long headers and certificates are used before they are read anew (a token file may have been rotated), ms. */
const rereadAfter = 10_000;
/**
 * Until they are this old, ms, a request does not wait for that: those of an agent at rest come more than `rereadAfter` apart, and a token is
 * replaced long before it expires.
 */
const usableFor = 60_000;

/**
 * HTTP/1.1 only. With HTTP/2, which kube-apiserver offers, undici 8.12 leaves the error of a stream unhandled when its agent is
 * destroyed, and that ends the process.
 */
const http1 = { allowH2: false } as const;

/**
 * How long a connection without a request is kept, ms, where the server does not say: longer than agents' and controllers' pauses between
 * renewals of their Leases, so that an idle cluster sees no new TLS connections, and less than the 90 s after which kube-apiserver hangs up.
 */
const keepAliveTimeout = 60_000;

function overHttp1(options: DispatcherOptions): DispatcherOptions {
  switch (options.type) {
    case 'agent':
      return { ...options, connect: { ...options.connect, ...http1 } };
    case 'proxy':
      return { ...options, requestTls: { ...options.requestTls, ...http1 }, connect: { ...options.connect, ...http1 } };
    case 'socks':
      return { ...options, requestTls: { ...options.requestTls, ...http1 } };
    case 'none':
      return options;
  }
}

type ConnectOptions = NonNullable<Agent.Options['connect']>;

/**
 * client-node makes a new undici agent, and so a new TLS connection, for every call. This one makes an agent only when
 * the CA, the certificate or the proxy has changed.
 */
class CachingKubeConfig extends KubeConfig {
  #fingerprint: string | undefined;
  #changed = false;
  #connect: ConnectOptions = http1;

  /** How to connect without a proxy. */
  get connect(): ConnectOptions {
    return this.#connect;
  }

  /** Whether the TLS options differ from those at the last call of this function. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  override createDispatcherOptions(cluster: Cluster | null, agentOptions: AgentOptions): DispatcherOptions {
    const options = overHttp1(super.createDispatcherOptions(cluster, agentOptions));
    const fingerprint = createHash('sha256').update(JSON.stringify(options)).digest('hex');
    if (fingerprint === this.#fingerprint) return { type: 'none' };
    this.#fingerprint = fingerprint;
    this.#changed = true;
    if (options.type !== 'agent') return options;
    // client-node's agent would drop idle connections after 4 s, and cannot be told not to.
    const connect = options.connect as SecureContextOptions & typeof http1;
    // Made once: certificates and keys would be read from their text for every connection.
    this.#connect = { ...connect, secureContext: createSecureContext(connect) };
    return { type: 'none' };
  }
}

/** What a request needs to reach the API server and be known there. */
export interface Session {
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
  readonly origin: string;
  /** Path before /api and /apis, without a slash at its end; mostly empty. */
  readonly prefix: string;
}

/** Authentication and connections of one kubeconfig, through client-node's authenticators (tokens, files, exec, certificates). */
export class Credentials {
  readonly #config = new CachingKubeConfig();
  readonly #clock: Clock;
  #dispatcher: Dispatcher | undefined;
  #session: Session | undefined;
  #readAt = 0;
  #reading: Promise<Session> | undefined;

  constructor(config: KubeConfig, clock: Clock) {
    const { clusters, users, contexts, currentContext } = config;
    this.#config.loadFromOptions({ clusters, users, contexts, currentContext });
    this.#clock = clock;
  }

  /** The session to use now. Rejects when the kubeconfig names no cluster or an authenticator fails. */
  async current(): Promise<Session> {
    const age = this.#clock.monotonic() - this.#readAt;
    if (this.#session !== undefined && age < rereadAfter) return this.#session;
    // Those who ask meanwhile get the same answer.
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    if (this.#session === undefined || age >= usableFor) return this.#reading;
    // Who asks when it is too old is told why it cannot be read.
    this.#reading.catch(() => undefined);
    return this.#session;
  }

  /** Makes the next call of `current` read tokens and certificates anew: after the server did not know us. */
  expire(): void {
    this.#session = undefined;
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    this.#session = undefined;
    const dispatcher = this.#dispatcher;
    this.#dispatcher = undefined;
    await dispatcher?.destroy();
  }

  /** The token of a pod, read anew: client-node keeps it for a minute, even if the server no longer knows it, and one for all clients. */
  async #tokenOfFile(): Promise<string | undefined> {
    const provider = this.#config.getCurrentUser()?.authProvider as { config?: { tokenFile?: string } } | undefined;
    const file = provider?.config?.tokenFile;
    return file === undefined ? undefined : (await readFile(file, 'utf8')).trim();
  }

  async #read(): Promise<Session> {
    const cluster = this.#config.getCurrentCluster();
    if (cluster === null) throw new Error(`Cannot find the cluster of context "${this.#config.getCurrentContext()}" in the kubeconfig`);
    const context = new RequestContext(cluster.server, HttpMethod.GET);
    await this.#config.applySecurityAuthentication(context);
    const token = await this.#tokenOfFile();
    if (token !== undefined) context.setHeaderParam('Authorization', `Bearer ${token}`);
    if (this.#config.takeChanged() || this.#dispatcher === undefined) {
      const old = this.#dispatcher;
      this.#dispatcher = context.getDispatcher() ?? new Agent({ connect: this.#config.connect, keepAliveTimeout });
      // Waits for the requests under way on the old connections; nothing is lost and nobody waits for it.
      // Not at once: somebody may have been given the old one just now.
      if (old !== undefined) setImmediate(() => old.close(() => undefined));
    }
    const url = new URL(cluster.server);
    this.#session = {
      dispatcher: this.#dispatcher,
      headers: context.getHeaders(),
      origin: url.origin,
      prefix: url.pathname.replace(/\/+$/, ''),
    };
    this.#readAt = this.#clock.monotonic();
    return this.#session;
  }
}
