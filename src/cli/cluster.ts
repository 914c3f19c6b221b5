import { KubeConfig } from '@kubernetes/client-node';
import type { RequestObservation } from '../kube/client.ts';
import { HttpClient } from '../kube/http-client.ts';
import type { CliContext } from './context.ts';
import { UsageError } from './usage-error.ts';

/** What client-node takes where it finds no kubeconfig at all. */
const placeholder = { context: 'loaded-context', server: 'http://localhost:8080' } as const;

/**
 * A client for the API server of `file`, else of $KUBECONFIG, ~/.kube/config or the pod's service account.
 * @throws UsageError if the file cannot be used
 */
export function connectCluster(
  context: CliContext,
  file: string | undefined,
  role: string,
  onRequest?: (observation: RequestObservation) => void,
): HttpClient {
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (cause) {
    throw new UsageError(`--kubeconfig: cannot use ${file ?? 'the default kubeconfig'}: ${(cause as Error).message.split('\n')[0] ?? ''}`, {
      cause,
    });
  }
  const cluster = config.getCurrentCluster();
  if (file === undefined && config.getCurrentContext() === placeholder.context && cluster?.server === placeholder.server)
    throw new UsageError('--kubeconfig: there is none: give one, set KUBECONFIG, or run this with the --data-dir of a standalone');
  if (cluster === null) throw new UsageError(`--kubeconfig: ${file ?? 'the default kubeconfig'} names no current cluster`);
  return new HttpClient({
    config,
    clock: context.clock,
    userAgent: `mdev-operator-${role}`,
    ...(onRequest !== undefined && { onRequest }),
  });
}
