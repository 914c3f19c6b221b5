import type { Logger } from 'pino';
import type { AgentMetrics } from '../agent/metrics.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** Reports what an agent does to Prometheus. */
export function agentMetrics(metrics: Metrics, log: Logger): AgentMetrics {
  return {
    reconciled: (result, seconds) => {
      metrics.reconciled('agent', seconds, result === 'error');
    },
    acted: (action, outcome, errno, seconds) => {
      metrics.providerOperation(action, outcome === 'done' ? 'ok' : errno, seconds);
    },
    statusWritten: () => undefined,
    devices: (counts) => {
      metrics.devices(counts);
    },
    parent: (name, types) => {
      if (types === undefined) metrics.parentGone(name);
      else metrics.parent(name, types);
    },
    pinsFrom: (read) => {
      metrics.pinsFrom(read, (err) => log.warn({ err }, 'cannot read what devices have pinned; their metrics are absent'));
    },
    queued: (length) => {
      metrics.queueLength('agent', length);
    },
  };
}
