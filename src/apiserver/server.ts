/** Starts and stops the embedded API server: `startApiServer` is this folder's front door. */
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Api, Hooks, Log } from './api.ts';
import { adminGroup, adminName, type Credentials, ensureCredentials } from './auth/credentials.ts';
import { kubeconfigText } from './auth/kubeconfig.ts';
import { ensurePrivateDirectory, readOptionalFile, writePrivateFile } from './auth/private-files.ts';
import { builtinResources } from './builtin/resources.ts';
import { serveBuiltin } from './builtin-resource.ts';
import { ensureBundledCrds } from './bundled-crds.ts';
import { startCrdController } from './controllers/crd-controller.ts';
import { startEventExpiry } from './controllers/event-expiry.ts';
import { startGarbageCollector } from './controllers/garbage-collector.ts';
import { startNamespaceController } from './controllers/namespace-controller.ts';
import { namespaceHooks } from './controllers/namespace-hooks.ts';
import { crdHooks, crdStorage } from './custom/crd-hooks.ts';
import type { User } from './discovery/virtual-resources.ts';
import { toResponse } from './http/answer.ts';
import { createHandler, type Handler } from './http/handler.ts';
import { listen, type Listener } from './http/listen.ts';
import { createOpenapi } from './http/openapi-requests.ts';
import type { VersionInfo } from './http/system-requests.ts';
import type { JsonObject } from './object.ts';
import { ResourceRegistry } from './registry.ts';
import type { Resource } from './resource.ts';
import { createObject } from './rest/create.ts';
import { decodeObject } from './rest/decode.ts';
import { namespaceStorage } from './rest/namespace-check.ts';
import type { HistoryLimits } from './store/collection.ts';
import { ObjectStore } from './store/object-store.ts';

export interface ApiServerOptions {
  /** The directory of everything this server keeps; made with mode 0700. */
  readonly dataDir: string;
  /** The address to listen on. */
  readonly host: string;
  /** 0: the port of the last run if it is still free, else any free one. */
  readonly port: number;
  /** CustomResourceDefinitions that this program ships. */
  readonly crds: readonly JsonObject[];
  readonly clock: Clock;
  readonly log: Log;
  /** How much of the past watches and continued lists can reach. */
  readonly history?: HistoryLimits;
  /** Bounds the database file, in pages of 4 KiB; for tests. */
  readonly maxPages?: number;
}

/** The server without sockets. */
export interface ApiCore {
  /** Answers as the administrator; aborting the request's signal ends a watch. */
  handler(request: Request): Promise<Response>;
  readonly handle: Handler;
  readonly api: Api;
  /** Waits for the controllers to have nothing to do. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface ApiServer {
  readonly url: string;
  readonly port: number;
  /** The administrator's kubeconfig, mode 0600. */
  readonly kubeconfigPath: string;
  /** The file with the administrator's bearer token, mode 0600. */
  readonly tokenPath: string;
  readonly core: ApiCore;
  /** Writes a kubeconfig for this server to another place, mode 0600. */
  writeKubeconfig(path: string): Promise<void>;
  close(): Promise<void>;
}

const administrator: User = { name: adminName, groups: [adminGroup, 'system:authenticated'] };
const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const;
const closeGrace = 1000;
const day = 24 * 60 * 60 * 1000;

/** The Kubernetes whose API this server speaks; the suffix says that it is not Kubernetes. */
const version: VersionInfo = {
  major: '1',
  minor: '33',
  gitVersion: 'v1.33.0+mdev-operator',
  platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

/** Opens the store, brings namespaces and CRDs up to date and starts the controllers. @throws Error */
export async function startApiCore(options: Omit<ApiServerOptions, 'host' | 'port'>, address: () => string): Promise<ApiCore> {
  const { dataDir, clock, log } = options;
  await ensurePrivateDirectory(dataDir);
  const { history, maxPages } = options;
  const store = await ObjectStore.open({
    path: join(dataDir, 'apiserver.db'),
    ...(history !== undefined && { history }),
    ...(maxPages !== undefined && { maxPages }),
  });
  const registry = new ResourceRegistry();
  const builtins = builtinResources.map(serveBuiltin);
  registry.replace('', builtins);
  const hooks = new Map<string, Hooks>([
    [namespaceStorage, namespaceHooks],
    [crdStorage, crdHooks(clock)],
  ]);
  const api: Api = { store, registry, clock, log, hooks };
  const definitions = startCrdController(api);
  const controllers = [definitions, startNamespaceController(api), startGarbageCollector(api)];
  const expiry = startEventExpiry(api);
  let stopping = false;
  const close = async (): Promise<void> => {
    stopping = true;
    await Promise.all([...controllers.map((controller) => controller.close()), expiry.close()]);
    await store.close();
  };
  try {
    await ensureNamespaces(api, find(builtins, 'Namespace'));
    await ensureBundledCrds(api, find(builtins, 'CustomResourceDefinition'), options.crds);
    await definitions.idle();
  } catch (error) {
    await close();
    throw error;
  }
  const system = {
    registry,
    version,
    address,
    now: () => clock.now(),
    health: () => ({ ping: undefined, store: store.problem, shutdown: stopping ? 'the server is stopping' : undefined }),
    openapi: createOpenapi(registry, version.gitVersion),
  };
  const handle = createHandler({ api, system, isStopping: () => stopping });
  return {
    api,
    handle,
    handler: async (request) => toResponse(await handle(request, administrator), request.signal),
    async idle() {
      // What one controller does may be work for another.
      for (const controller of [...controllers, ...controllers]) await controller.idle();
    },
    close,
  };
}

/** Starts the API server over HTTPS. @throws Error when the directory is in use, or the address cannot be had */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { dataDir, host, clock, log } = options;
  const hosts = [...new Set(['localhost', '127.0.0.1', '::1', ...(host === '0.0.0.0' || host === '::' ? [] : [host])])];
  let credentials = await ensureCredentials(dataDir, hosts, clock.now());
  let url = '';
  const core = await startApiCore(options, () => url.replace('https://', ''));
  const portFile = join(dataDir, 'port');
  let listener: Listener;
  try {
    listener = await listenRemembering(portFile, options, core.handle, () => credentials);
  } catch (error) {
    await core.close();
    throw new Error(`Cannot listen on ${host}:${options.port}`, { cause: error });
  }
  url = `https://${urlHost(host)}:${listener.port}`;
  const writeKubeconfig = (path: string): Promise<void> => writePrivateFile(path, kubeconfigText(url, credentials));
  const kubeconfigPath = join(dataDir, 'kubeconfig');
  await writeKubeconfig(kubeconfigPath);
  const renewal = scheduleRenewal(clock, log, async () => {
    credentials = await ensureCredentials(dataDir, hosts, clock.now());
    listener.renew(credentials);
    await writeKubeconfig(kubeconfigPath);
  });
  return {
    url,
    port: listener.port,
    kubeconfigPath,
    tokenPath: join(dataDir, 'token'),
    core,
    writeKubeconfig,
    async close() {
      renewal();
      await listener.close(closeGrace);
      await core.close();
    },
  };
}

function find(resources: readonly Resource[], kind: string): Resource {
  const resource = resources.find((candidate) => candidate.kind === kind);
  if (resource === undefined) throw new Error(`Cannot start without the built-in ${kind}`);
  return resource;
}

async function ensureNamespaces(api: Api, resource: Resource): Promise<void> {
  for (const name of systemNamespaces) {
    if (api.store.collection(namespaceStorage).newest(name) !== undefined) continue;
    const { object } = decodeObject(resource, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const options = { dryRun: false, fieldManager: 'mdev-operator', fieldValidation: 'Strict', force: undefined } as const;
    await createObject(api, { resource, namespace: '', object, options, warnings: [] });
  }
}

async function listenRemembering(
  portFile: string,
  options: ApiServerOptions,
  handler: Handler,
  credentials: () => Credentials,
): Promise<Listener> {
  const open = (port: number): Promise<Listener> => listen({ handler, credentials, admin: administrator, host: options.host, port });
  const remembered = Number((await readOptionalFile(portFile)) ?? '0');
  const usable = Number.isInteger(remembered) && remembered > 0 && remembered < 65_536;
  let listener: Listener | undefined;
  if (options.port === 0 && usable) {
    listener = await open(remembered).catch((error: unknown) => {
      options.log.warn({ err: error, port: remembered }, 'The port of the last run is taken, using another');
      return undefined;
    });
  }
  listener ??= await open(options.port);
  await writePrivateFile(portFile, `${listener.port}\n`);
  return listener;
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function scheduleRenewal(clock: Clock, log: Log, renew: () => Promise<void>): () => void {
  let cancel: () => void = () => undefined;
  const next = (): void => {
    cancel = clock.setTimeout(() => {
      renew()
        .catch((error: unknown) => {
          log.error({ err: error }, 'Cannot renew the certificates');
        })
        .finally(next);
    }, day);
  };
  next();
  return () => {
    cancel();
  };
}
