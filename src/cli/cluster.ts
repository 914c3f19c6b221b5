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
  const config = loadKubeconfig(file);
  return new HttpClient({
    config,
    clock: context.clock,
    userAgent: `mdev-operator-${role}`,
    ...(onRequest !== undefined && { onRequest }),
  });
}

/**
 * The kubeconfig in `file`, else that of $KUBECONFIG, ~/.kube/config or the pod's service account.
 * @param contextName the context to use instead of the current one
 * @throws UsageError if it cannot be used
 */
export function loadKubeconfig(file: string | undefined, contextName?: string): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (cause) {
    throw new UsageError(`--kubeconfig: cannot use ${file ?? 'the default kubeconfig'}: ${(cause as Error).message.split('\n')[0] ?? ''}`, {
      cause,
    });
  }
  if (contextName !== undefined) {
    if (config.getContextObject(contextName) === null) throw new UsageError(`--context: there is no context ${contextName}`);
    config.setCurrentContext(contextName);
  }
  const cluster = config.getCurrentCluster();
  if (file === undefined && config.getCurrentContext() === placeholder.context && cluster?.server === placeholder.server)
    throw new UsageError('--kubeconfig: there is none: give one, set KUBECONFIG, or run this with the --data-dir of a standalone');
  if (cluster === null) throw new UsageError(`--kubeconfig: ${file ?? 'the default kubeconfig'} names no current cluster`);
  return config;
}
