import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { runController } from '../controller/controller.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { connectCluster } from './cluster.ts';
import type { CliContext } from './context.ts';
import { addFlags, readFlags } from './flags.ts';
import { Readiness, serveHealth } from './health.ts';

const flags = ['kubeconfig', 'adoptNamespace', 'metricsListen', 'logLevel'] as const;

/** `controller`: allocates devices to parents; of several, the one that holds the Lease. */
export function addControllerCommand(program: Command, context: CliContext): void {
  const command = program.command('controller').description('allocate MdevDevices to parents, for a whole cluster');
  addFlags(command, flags).action(async () => {
    const options = readFlags(command, flags);
    const metrics = createMetrics();
    const readiness = new Readiness(context.clock, []);
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
      },
      context.signal,
    );
    await client.close();
  });
}
