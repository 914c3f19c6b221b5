import { mkdir } from 'node:fs/promises';
import type { Command } from 'commander';
import { runAgent } from '../agent/agent.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { agentMetrics } from './agent-metrics.ts';
import { connectCluster } from './cluster.ts';
import type { CliContext } from './context.ts';
import { dataDirPaths } from './data-dir.ts';
import { disposable } from './disposable.ts';
import { addFlags, readFlags } from './flags.ts';
import { Readiness, serveHealth } from './health.ts';
import { openProvider } from './provider.ts';

const flags = ['kubeconfig', 'nodeName', 'dataDir', 'provider', 'emulator', 'adoptNamespace', 'metricsListen', 'logLevel'] as const;

/** `agent`: makes the mdevs of this node match the MdevDevices allocated to it. */
export function addAgentCommand(program: Command, context: CliContext): void {
  const command = program.command('agent').description("make this node's mdevs match the MdevDevices allocated to it");
  addFlags(command, flags).action(async () => {
    const options = readFlags(command, flags);
    const log = context.logger(options.logLevel ?? 'info');
    const dataDir = dataDirPaths(options.dataDir).agent;
    const metrics = createMetrics();
    const readiness = new Readiness(context.clock, ['agent']);
    await using provider = disposable(openProvider(context, options.provider, options.emulator, log));
    await using client = disposable(connectCluster(context, options.kubeconfig, 'agent', metrics));
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await serveHealth(options.metricsListen, metrics, readiness, context.signal);
    await runAgent(
      {
        client: client.value,
        provider: provider.value,
        nodeName: options.nodeName,
        dataDir,
        adoptNamespaces: options.adoptNamespace,
        registerNode: false,
        clock: context.clock,
        random: Math.random,
        log,
        metrics: agentMetrics(metrics),
        onSynced: () => {
          readiness.ready('agent');
        },
      },
      context.signal,
    );
  });
}
