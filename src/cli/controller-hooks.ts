import type { ControllerHooks } from '../controller/controller.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Readiness } from './health.ts';

/** Reports what a controller does to Prometheus and to the readiness probe. */
export function controllerHooks(metrics: Metrics, readiness: Readiness): ControllerHooks {
  return {
    onSynced: () => readiness.ready('controller'),
    onProbe: (lastContact) => readiness.probe('controller', lastContact),
    onNodeLoss: (change, lost) => metrics.nodesLost(lost, change === 'Lost' ? 1 : 0),
    onPass: (seconds, waiting) => {
      metrics.reconciled('controller', seconds, false);
      metrics.queueLength('controller', waiting);
    },
  };
}
