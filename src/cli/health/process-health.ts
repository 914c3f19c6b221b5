import type { RequestObservation } from '../../kube/client.ts';
import type { HttpClient } from '../../kube/http-client.ts';
import type { Log } from '../../kube/log.ts';
import type { KubeTelemetry } from '../../kube/telemetry.ts';
import { createMetrics, type Metrics } from '../../metrics/metrics.ts';
import type { CliContext } from '../context.ts';
import { CrdCheck } from './crd-check.ts';
import { Readiness } from './readiness.ts';
import { RequestCheck } from './request-check.ts';
import { tellReadiness } from './tell-readiness.ts';
import { WatchCheck } from './watch-check.ts';

/** What a process that lives on an API server shows of itself: metrics and readiness, fed from the same places. */
export interface ProcessHealth {
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly telemetry: KubeTelemetry;
  readonly onRequest: (observation: RequestObservation) => void;
  /** Looks after the CRDs, and tells in the log when the process has become ready again, until `signal` is aborted. */
  readonly run: (reader: HttpClient, log: Log, signal: AbortSignal) => Promise<void>;
}

/** @param version of this program */
export function processHealth(version: string, { clock, repeats }: Pick<CliContext, 'clock' | 'repeats'>): ProcessHealth {
  const metrics = createMetrics(version);
  const readiness = new Readiness();
  const requests = new RequestCheck();
  const watches = new WatchCheck(clock);
  const crds = new CrdCheck();
  readiness.add('requests', () => requests.reason());
  readiness.add('crds', () => crds.reason());
  readiness.add('watches', () => watches.reason());
  metrics.watchesFrom(() => watches.samples());
  return {
    metrics,
    readiness,
    telemetry: {
      queue: (name) => metrics.queue(name),
      watch: (health) => {
        metrics.watchBegun(health().resource);
        return watches.begin(health);
      },
      watchFailed: (resource) => metrics.watchFailed(resource),
    },
    onRequest(observation) {
      metrics.request(observation);
      requests.saw(observation);
      crds.saw(observation);
    },
    run: async (reader, log, signal) => {
      await Promise.all([crds.run({ reader, clock, log }, signal), tellReadiness({ readiness, repeats, clock, log }, signal)]);
    },
  };
}
