import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { runController } from '../controller/controller.ts';
import { runAll } from '../kube/run-all.ts';
import { connectCluster } from './cluster.ts';
import type { CliContext } from './context.ts';
import { disposable } from './disposable.ts';
import { controllerTelemetry } from './health/controller-telemetry.ts';
import { processHealth } from './health/process-health.ts';
import { serveHealth } from './health/serve.ts';
import type { Options } from './flags.ts';
import { packageVersion } from './version.ts';

/** Runs a controller as its flags say, until the context's signal aborts. One that waits for the Lease is ready, too. */
export async function runControllerCommand(
  context: CliContext,
  options: Options<'kubeconfig' | 'adoptNamespace' | 'metricsListen'>,
  log: Logger,
): Promise<void> {
  const health = processHealth(await packageVersion(context), context);
  await using client = disposable(connectCluster(context, options.kubeconfig, 'controller', health.onRequest));
  const hooks = controllerTelemetry(health);
  await serveHealth(options.metricsListen, health.metrics, health.readiness, context.signal);
  await runAll(
    [
      (stop) =>
        runController(
          {
            client: client.value,
            clock: context.clock,
            random: Math.random,
            log,
            identity: `${hostname()}_${randomUUID()}`,
            leaderElection: true,
            adoptNamespaces: options.adoptNamespace,
            hooks,
            telemetry: health.telemetry,
          },
          stop,
        ),
      (stop) => health.run(client.value, log, stop),
    ],
    context.signal,
  );
}
