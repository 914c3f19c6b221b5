import { runAgent } from '../agent/agent.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { agentMetrics } from './agent-metrics.ts';
import { connectCluster } from './cluster.ts';
import type { CliContext } from './context.ts';
import { dataDirPaths, makeDataDir } from './data-dir.ts';
import { disposable } from './disposable.ts';
import { Readiness, serveHealth } from './health.ts';
import { openProvider } from './provider.ts';
import type { Options } from './flags.ts';

/** Runs an agent as its flags say, until the context's signal aborts. */
export async function runAgentCommand(
  context: CliContext,
  options: Options<
    'kubeconfig' | 'nodeName' | 'dataDir' | 'provider' | 'emulator' | 'adoptNamespace' | 'leaseDuration' | 'metricsListen' | 'logLevel'
  >,
): Promise<void> {
  const log = context.logger(options.logLevel ?? 'info');
  const dataDir = dataDirPaths(options.dataDir).agent;
  const metrics = createMetrics();
  const readiness = new Readiness(context.clock, ['agent']);
  await using provider = disposable(openProvider(context, options.provider, options.emulator, log));
  await makeDataDir(options.dataDir, dataDir);
  await using client = disposable(connectCluster(context, options.kubeconfig, 'agent', metrics));
  await serveHealth(options.metricsListen, metrics, readiness, context.signal);
  await runAgent(
    {
      client: client.value,
      provider: provider.value,
      nodeName: options.nodeName,
      dataDir,
      adoptNamespaces: options.adoptNamespace,
      registerNode: false,
      leaseDuration: options.leaseDuration,
      clock: context.clock,
      random: Math.random,
      log,
      metrics: agentMetrics(metrics, log),
      onSynced: () => {
        readiness.ready('agent');
      },
    },
    context.signal,
  );
}
