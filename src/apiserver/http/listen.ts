/** The only file that touches sockets: HTTPS in front of a Handler. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Credentials } from '../auth/credentials.ts';
import { isBearer } from '../auth/credentials.ts';
import type { User } from '../discovery/virtual-resources.ts';
import type { Watch } from '../watch/watch.ts';
import type { Answer } from './answer.ts';
import type { Handler } from './handler.ts';
import { type ChunkCache, startOnSocket } from './watch-socket.ts';

export interface ListenOptions {
  readonly handler: Handler;
  readonly credentials: () => Credentials;
  readonly admin: User;
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  readonly port: number;
  /** Uses renewed certificates for new connections. */
  renew(credentials: Credentials): void;
  /** Takes no more connections, lets requests under way end, ends watches, and cuts what is left after `grace` ms. */
  close(grace: number): Promise<void>;
}

/** The watches under way, and the frames they share. */
interface OpenWatches {
  readonly watches: Set<Watch>;
  readonly chunks: ChunkCache;
}

const keepAlive = 120_000;
/** Selectors and continue tokens stand in the first line of a request. */
const maxHeaderSize = 256 * 1024;

/** Begins to listen. @throws Error when the address cannot be had (`code` EADDRINUSE and the like) */
export async function listen(options: ListenOptions): Promise<Listener> {
  const open: OpenWatches = { watches: new Set(), chunks: new WeakMap() };
  // A connection's certificate does not change, and taking it apart costs more than all else about a small request.
  const users = new WeakMap<TLSSocket, User | 'refused'>();
  const answer = getRequestListener(
    async (request, env) => {
      const { incoming, outgoing } = env as HttpBindings;
      send(await options.handler(request, userOf(incoming, request, options, users)), outgoing, open);
      return RESPONSE_ALREADY_SENT;
    },
    { overrideGlobalObjects: false },
  );
  const server = createServer(
    {
      ...tlsOptions(options.credentials()),
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      keepAliveTimeout: keepAlive,
      maxHeaderSize,
    },
    (incoming, outgoing) => {
      // It answers every failure itself.
      void answer(incoming, outgoing);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    renew(credentials) {
      server.setSecureContext(tlsOptions(credentials));
    },
    close: (grace) => close(server, open.watches, grace),
  };
}

function tlsOptions({ authority, server }: Credentials): { ca: string; cert: string; key: string } {
  return { ca: authority.certificate, cert: server.certificate, key: server.key };
}

function userOf(
  incoming: IncomingMessage,
  request: Request,
  options: ListenOptions,
  users: WeakMap<TLSSocket, User | 'refused'>,
): User | 'anonymous' | 'refused' {
  const authorization = request.headers.get('authorization');
  if (isBearer(authorization, options.credentials().token)) return options.admin;
  const { socket } = incoming;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return authorization === null ? 'anonymous' : 'refused';
  let user = users.get(socket);
  if (user === undefined) users.set(socket, (user = certificateUser(socket)));
  return user;
}

function certificateUser(socket: TLSSocket): User | 'refused' {
  const { CN, O } = socket.getPeerCertificate().subject;
  const name = [CN].flat()[0];
  if (name === undefined) return 'refused';
  return { name, groups: [...[O].flat().filter((group) => group !== undefined), 'system:authenticated'] };
}

function send(answer: Answer, outgoing: ServerResponse, watches: OpenWatches): void {
  const { status, headers, body } = answer;
  if (outgoing.destroyed) return;
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const length = Buffer.byteLength(body);
    outgoing.writeHead(status, status === 304 ? { ...headers } : { ...headers, 'content-length': length });
    // Text of as many bytes as characters is ASCII, which Latin-1 writes the same and without a copy.
    if (status === 304) outgoing.end();
    else outgoing.end(body, length === body.length ? 'latin1' : 'utf8');
    return;
  }
  outgoing.writeHead(status, { ...headers });
  outgoing.flushHeaders();
  watches.watches.add(body);
  startOnSocket(body, outgoing, watches.chunks, () => watches.watches.delete(body));
}

async function close(server: Server, watches: Set<Watch>, grace: number): Promise<void> {
  const closed = new Promise<void>((resolve, reject) => {
    server.close((error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
  for (const watch of [...watches]) watch.stop();
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, grace);
  try {
    await closed;
  } finally {
    clearTimeout(timer);
  }
}
