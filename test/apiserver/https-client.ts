/** Raw HTTPS requests to a server, as the administrator by token or as anybody. */
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface HttpsReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface SendOptions {
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
  /** Called with the first bytes of the answer. */
  readonly onData?: () => void;
}

export interface HttpsClient {
  send(method: string, path: string, options?: SendOptions): Promise<HttpsReply>;
  close(): void;
}

/** A client for the server of a data directory; without `token` it shows no credentials. */
export async function httpsClient(url: string, dataDir: string, token: string | undefined, maxSockets = 8): Promise<HttpsClient> {
  const agent = new Agent({ keepAlive: true, maxSockets, ca: await readFile(join(dataDir, 'pki', 'ca.crt')) });
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    send: (method, path, { body, headers, onData } = {}) =>
      new Promise((resolve, reject) => {
        const outgoing = request(
          `${url}${path}`,
          { method, agent, headers: { 'content-type': 'application/json', ...authorization, ...headers } },
          (incoming) => {
            const chunks: Buffer[] = [];
            incoming.on('data', (chunk: Buffer) => {
              chunks.push(chunk);
              onData?.();
            });
            incoming.on('error', reject);
            incoming.on('end', () => {
              resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: Buffer.concat(chunks).toString() });
            });
          },
        );
        outgoing.on('error', reject);
        outgoing.end(body);
      }),
    close() {
      agent.destroy();
    },
  };
}

/** The administrator's token of a data directory. */
export async function adminToken(dataDir: string): Promise<string> {
  return (await readFile(join(dataDir, 'token'), 'utf8')).trim();
}
