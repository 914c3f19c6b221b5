import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { runAgent } from '../agent/agent.ts';
import { runController } from '../controller/controller.ts';
import { startApiServerThread } from './api-server-thread.ts';
import { applyManifests } from './apply-manifests.ts';
import { readyBanner } from './banner.ts';
import { connectCluster } from './cluster.ts';
import type { CliContext } from './context.ts';
import type { DataDir } from './data-dir.ts';
import { disposable } from './disposable.ts';
import { superviseEmulator } from './emulator-supervisor.ts';
import { agentTelemetry } from './health/agent-telemetry.ts';
import { controllerTelemetry } from './health/controller-telemetry.ts';
import { processHealth } from './health/process-health.ts';
import { serveHealth } from './health/serve.ts';
import type { Manifest } from './manifests.ts';
import { openProvider } from './provider.ts';
import type { Options } from './flags.ts';
import { packageVersion } from './version.ts';
import { waitForDevices } from './wait-for-devices.ts';

export interface StandaloneInit {
  readonly context: CliContext;
  readonly options: Options<
    'listen' | 'nodeName' | 'provider' | 'emulator' | 'profile' | 'runDir' | 'adoptNamespace' | 'waitForDevices' | 'metricsListen'
  >;
  readonly paths: DataDir;
  readonly manifests: readonly Manifest[];
  readonly log: Logger;
}

/** Runs API server, emulator, controller and agent until the context's signal aborts or one of them fails; then ends them all. */
export async function runStandalone({ context, options, paths, manifests, log }: StandaloneInit): Promise<void> {
  const { clock } = context;
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const health = processHealth(await packageVersion(context), context);
  const { readiness } = health;
  const apiServerStarted = readiness.waitFor('api-server');
  const emulatorStarted = readiness.waitFor('emulator');
  const controllerStarted = readiness.waitFor('controller');
  const agentStarted = readiness.waitFor('agent');
  const telemetry = agentTelemetry(health, clock, log);
  /** A part that must not end before it is told to: its failure ends the whole. */
  const part = (running: Promise<void>): Promise<void> =>
    running.catch((error: unknown) => {
      failed.abort(error);
      throw error;
    });

  await serveHealth(options.metricsListen, health.metrics, readiness, signal);
  const emulatorSocket = options.provider === 'emulated' ? (options.emulator ?? paths.emulatorSocket) : undefined;
  // Disposed of last: the kernel goes after those who use it.
  await using emulator = startEmulator();
  await using disposableServer = disposable(
    await startApiServerThread({
      dataDir: paths.apiServer,
      ...options.listen,
      crdFolder: new URL('crds/', context.packageRoot).href,
      logLevel: log.level,
    }),
  );
  const server = disposableServer.value;
  apiServerStarted();
  await emulator.ready;
  emulatorStarted();

  await using disposableClient = disposable(connectCluster(context, server.kubeconfigPath, 'standalone', health.onRequest));
  const client = disposableClient.value;
  await using disposableProvider = disposable(openProvider(context, options.provider, emulatorSocket, log));
  const provider = disposableProvider.value;
  const synced = Promise.withResolvers<undefined>();
  const controller = runController(
    {
      client,
      clock,
      random: Math.random,
      log: log.child({ part: 'controller' }),
      identity: options.nodeName,
      leaderElection: false,
      adoptNamespaces: options.adoptNamespace,
      hooks: { ...controllerTelemetry(health), onSynced: controllerStarted },
      telemetry: health.telemetry,
    },
    signal,
  );
  const agent = runAgent(
    {
      client,
      provider: telemetry.observe(provider),
      nodeName: options.nodeName,
      dataDir: paths.agent,
      adoptNamespaces: options.adoptNamespace,
      registerNode: true,
      clock,
      random: Math.random,
      log: log.child({ part: 'agent' }),
      metrics: telemetry.metrics,
      telemetry: health.telemetry,
      onSynced: () => {
        agentStarted();
        synced.resolve(undefined);
      },
    },
    signal,
  );
  const running = Promise.all([part(controller), part(agent), part(server.run(signal)), health.run(client, log, signal)]);
  await Promise.race([synced.promise, running]);
  if (!signal.aborted) {
    await server.writeKubeconfig(paths.kubeconfig);
    await applyManifests(client, manifests, log, signal);
    const missing = await waitForDevices({ client, provider, clock, patience: options.waitForDevices * 1000 }, signal);
    if (missing.length > 0) log.warn({ devices: missing }, 'not all devices are ready');
    context.print(await readyBanner({ context, options, paths, url: server.url }));
    context.notifyReady(missing.length === 0 ? 'ready' : `ready, without ${missing.join(', ')}`);
  }
  await running;
  failed.signal.throwIfAborted();

  function startEmulator(): AsyncDisposable & { readonly ready: Promise<void> } {
    if (emulatorSocket === undefined || options.emulator !== undefined)
      return { ready: Promise.resolve(), [Symbol.asyncDispose]: async () => {} };
    const end = new AbortController();
    const ready = Promise.withResolvers<undefined>();
    const supervised = part(
      superviseEmulator(
        {
          socketPath: emulatorSocket,
          profilePath: options.profile ?? fileURLToPath(new URL('profiles/default.yaml', context.packageRoot)),
          runDir: options.runDir,
          logFile: paths.emulatorLog,
          self: context.self,
          clock,
          log: log.child({ part: 'emulator' }),
        },
        () => ready.resolve(undefined),
        end.signal,
      ),
    );
    const started: Promise<void> = Promise.race([ready.promise, supervised]);
    // It is awaited when the API server has started; a failure before that is not one that nobody handles.
    started.catch(() => {});
    return {
      ready: started,
      async [Symbol.asyncDispose]() {
        end.abort();
        // Its failure has ended the whole already.
        await Promise.allSettled([supervised]);
      },
    };
  }
}
