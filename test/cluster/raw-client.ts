/** Bare HTTPS requests with a kubeconfig's credentials: for malformed bodies, odd headers and whole answers. */
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type RequestOptions, request } from 'node:https';
import { readFile } from 'node:fs/promises';

export interface RawRequest {
  /** Default GET. */
  readonly method?: string;
  /** Path with query, as it goes on the wire. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Take the request back when it fires; a watch ends by it. */
  readonly signal?: AbortSignal;
}

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Credentials {
  readonly url: URL;
  readonly ca: string | Buffer | undefined;
  readonly token: string | undefined;
  readonly cert: string | Buffer | undefined;
  readonly key: string | Buffer | undefined;
}

export class RawClient {
  readonly #credentials: Credentials;
  readonly #agent: Agent;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
    const { ca, cert, key } = credentials;
    this.#agent = new Agent({ keepAlive: true, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) });
  }

  /** A client for the current context of the kubeconfig at `path`; close it after use. */
  static async fromKubeconfig(path: string): Promise<RawClient> {
    const config = new KubeConfig();
    config.loadFromString(await readFile(path, 'utf8'));
    const cluster = config.getCurrentCluster();
    const user = config.getCurrentUser();
    if (!cluster || !user) throw new Error(`${path} has no current context`);
    const read = async (data: string | undefined, file: string | undefined): Promise<Buffer | undefined> => {
      if (data !== undefined) return Buffer.from(data, 'base64');
      return file === undefined ? undefined : readFile(file);
    };
    return new RawClient({
      url: new URL(cluster.server),
      ca: await read(cluster.caData, cluster.caFile),
      token: user.token,
      cert: await read(user.certData, user.certFile),
      key: await read(user.keyData, user.keyFile),
    });
  }

  /** The same server without any credentials. */
  anonymous(): RawClient {
    return new RawClient({ ...this.#credentials, token: undefined, cert: undefined, key: undefined });
  }

  /** Sends one request and reads the whole answer; any HTTP code is an answer. */
  async request(init: RawRequest): Promise<RawAnswer> {
    const chunks: string[] = [];
    const answer = await this.stream(init, (chunk) => chunks.push(chunk));
    return { ...answer, body: chunks.join('') };
  }

  /**
   * Sends one request and hands on the answer's text as it comes, until the server ends it or `signal` fires.
   * An abort after the headers came counts as the end of the answer. `onBegin` is called when the headers are there.
   */
  stream(init: RawRequest, onText: (text: string) => void, onBegin?: () => void): Promise<Omit<RawAnswer, 'body'>> {
    const { url, token } = this.#credentials;
    const options: RequestOptions = {
      agent: this.#agent,
      host: url.hostname,
      port: url.port,
      method: init.method ?? 'GET',
      path: init.path,
      headers: {
        accept: 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        // Node sends the body of a DELETE without saying that there is one.
        ...(init.body !== undefined && { 'content-length': String(Buffer.byteLength(init.body)) }),
        ...init.headers,
      },
    };
    return new Promise((resolve, reject) => {
      const { signal } = init;
      let answer: Omit<RawAnswer, 'body'> | undefined;
      const onAbort = (): void => {
        outgoing.destroy();
        if (answer) resolve(answer);
        else reject(new Error(`${init.method ?? 'GET'} ${init.path} was given up`, { cause: signal?.reason }));
      };
      const fail = (cause: Error): void => {
        signal?.removeEventListener('abort', onAbort);
        reject(new Error(`${init.method ?? 'GET'} ${init.path} failed: ${cause.message}`, { cause }));
      };
      const outgoing = request(options, (incoming) => {
        const begun = { status: incoming.statusCode ?? 0, headers: incoming.headers };
        answer = begun;
        incoming.setEncoding('utf8');
        onBegin?.();
        incoming.on('data', onText);
        incoming.on('error', fail);
        incoming.on('end', () => {
          signal?.removeEventListener('abort', onAbort);
          resolve(begun);
        });
      });
      outgoing.on('error', fail);
      signal?.addEventListener('abort', onAbort, { once: true });
      outgoing.end(init.body);
    });
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }
}
