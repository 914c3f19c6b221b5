import type { ControllerHooks } from '../../controller/controller.ts';
import { createControllerMetrics } from '../../metrics/controller-metrics.ts';
import type { ProcessHealth } from './process-health.ts';

/** Reports what a controller does to Prometheus. */
export function controllerTelemetry({ metrics }: ProcessHealth): ControllerHooks {
  const controller = createControllerMetrics(metrics.registry);
  return {
    onLeading: (leading) => controller.leading(leading),
    onNodeLoss: (change, lost) => controller.nodesLost(lost, change === 'Lost' ? 1 : 0),
    onAction: (action, reason) => controller.decided(action, reason),
    onPass: (seconds, waiting) => {
      metrics.reconciled('allocation', seconds, false);
      controller.waiting(waiting);
    },
    onConditions: (read) => metrics.conditionsFrom('controller', read),
  };
}
