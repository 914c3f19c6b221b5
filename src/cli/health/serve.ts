import { serveEndpoint } from '../../metrics/endpoint.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import type { HostPort } from '../flags.ts';
import { UsageError } from '../usage-error.ts';
import type { Readiness } from './readiness.ts';

/**
 * Serves metrics and health checks if an address is given.
 * @throws UsageError if it cannot be listened on
 */
export async function serveHealth(
  address: HostPort | undefined,
  metrics: Metrics,
  readiness: Readiness,
  signal: AbortSignal,
): Promise<void> {
  metrics.readinessFrom(() => {
    const unready = new Set(readiness.unready().map(({ check }) => check));
    return readiness.names().map((check) => ({ check, ready: !unready.has(check) }));
  });
  if (address === undefined) return;
  const notReady = (): string[] => readiness.unready().map(({ check, reason }) => `${check}: ${reason}`);
  try {
    await serveEndpoint({ ...address, registry: metrics.registry, notReady }, signal);
  } catch (cause) {
    throw new UsageError(`--metrics-listen: cannot listen on ${address.host}:${address.port}: ${(cause as Error).message}`, { cause });
  }
}
