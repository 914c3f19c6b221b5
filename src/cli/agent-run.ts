import type { Logger } from 'pino';
import { runAgent } from '../agent/agent.ts';
import { runAll } from '../kube/run-all.ts';
import { connectCluster } from './cluster.ts';
import type { CliContext } from './context.ts';
import { dataDirPaths, makeDataDir } from './data-dir.ts';
import { disposable } from './disposable.ts';
import { agentTelemetry } from './health/agent-telemetry.ts';
import { processHealth } from './health/process-health.ts';
import { serveHealth } from './health/serve.ts';
import { openProvider } from './provider.ts';
import type { Options } from './flags.ts';
import { packageVersion } from './version.ts';

/** Runs an agent as its flags say, until the context's signal aborts. */
export async function runAgentCommand(
  context: CliContext,
  options: Options<'kubeconfig' | 'nodeName' | 'dataDir' | 'provider' | 'emulator' | 'adoptNamespace' | 'leaseDuration' | 'metricsListen'>,
  log: Logger,
): Promise<void> {
  const dataDir = dataDirPaths(options.dataDir).agent;
  const health = processHealth(await packageVersion(context), context);
  const started = health.readiness.waitFor('agent');
  const telemetry = agentTelemetry(health, context.clock, log);
  await using provider = disposable(openProvider(context, options.provider, options.emulator, log));
  await makeDataDir(options.dataDir, dataDir);
  await using client = disposable(connectCluster(context, options.kubeconfig, 'agent', health.onRequest));
  await serveHealth(options.metricsListen, health.metrics, health.readiness, context.signal);
  await runAll(
    [
      (stop) =>
        runAgent(
          {
            client: client.value,
            provider: telemetry.observe(provider.value),
            nodeName: options.nodeName,
            dataDir,
            adoptNamespaces: options.adoptNamespace,
            registerNode: false,
            leaseDuration: options.leaseDuration,
            clock: context.clock,
            random: Math.random,
            log,
            metrics: telemetry.metrics,
            telemetry: health.telemetry,
            onSynced: started,
          },
          stop,
        ),
      (stop) => health.run(client.value, log, stop),
    ],
    context.signal,
  );
}
