import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runController } from '../controller/controller.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { controllerHooks } from './controller-hooks.ts';
import { connectCluster } from './cluster.ts';
import type { CliContext } from './context.ts';
import { Readiness, serveHealth } from './health.ts';
import type { Options } from './flags.ts';

/** Runs a controller as its flags say, until the context's signal aborts. */
export async function runControllerCommand(
  context: CliContext,
  options: Options<'kubeconfig' | 'adoptNamespace' | 'metricsListen' | 'logLevel'>,
): Promise<void> {
  const metrics = createMetrics();
  const readiness = new Readiness(context.clock, []); // One that waits for the Lease is ready, too.
  const client = connectCluster(context, options.kubeconfig, 'controller', metrics);
  await serveHealth(options.metricsListen, metrics, readiness, context.signal);
  await runController(
    {
      client,
      clock: context.clock,
      random: Math.random,
      log: context.logger(options.logLevel ?? 'info'),
      identity: `${hostname()}_${randomUUID()}`,
      leaderElection: true,
      adoptNamespaces: options.adoptNamespace,
      hooks: controllerHooks(metrics, readiness),
    },
    context.signal,
  );
  await client.close();
}
