import type { Logger } from 'pino';
import type { AgentMetrics } from '../../agent/metrics.ts';
import type { Clock } from '../../lib/clock.ts';
import { createNodeMetrics } from '../../metrics/node-metrics.ts';
import { createPinMetrics } from '../../metrics/pin-metrics.ts';
import type { MdevProvider } from '../../provider/contract.ts';
import { errnoLabel, observedProvider } from '../../provider/observed.ts';
import { sentence } from './explain.ts';
import type { ProcessHealth } from './process-health.ts';
import { ProviderCheck } from './provider-check.ts';

/** Where an agent reports to. */
export interface AgentTelemetry {
  readonly metrics: AgentMetrics;
  /** `provider`, with every call of it counted. */
  readonly observe: (provider: MdevProvider) => MdevProvider;
}

/** Reports what an agent and its provider do to Prometheus and to readiness. */
export function agentTelemetry({ metrics, readiness }: ProcessHealth, clock: Clock, log: Logger): AgentTelemetry {
  const node = createNodeMetrics(metrics.registry);
  const pins = createPinMetrics(metrics.registry);
  const kernel = new ProviderCheck();
  let recordFolder: Error | undefined;
  readiness.add('provider', () => kernel.reason());
  readiness.add('records', () => recordFolder && sentence(recordFolder));
  return {
    observe: (provider) =>
      observedProvider(
        provider,
        {
          called(operation, error, seconds) {
            node.providerOperation(operation, errnoLabel(error), seconds);
            if (kernel.called(error)) log.warn({ err: error }, 'the kernel cannot be reached');
          },
        },
        () => clock.monotonic(),
      ),
    metrics: {
      acted: (action, outcome) => node.acted(action, outcome),
      devices: (counts) => node.devices(counts),
      parent: (name, types) => {
        if (types === undefined) node.parentGone(name);
        else node.parent(name, types);
      },
      recordFolder: (error) => {
        recordFolder = error;
        node.recordFolder(error === undefined);
      },
      conditionsFrom: (read) => metrics.conditionsFrom('agent', read),
      pinsFrom: (read) => pins.readFrom(read, (err) => log.warn({ err }, 'cannot read what devices have pinned; their metrics are absent')),
    },
  };
}
