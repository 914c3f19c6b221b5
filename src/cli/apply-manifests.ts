import type { Logger } from 'pino';
import { ApiError } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Manifest } from './manifests.ts';
import { UsageError } from './usage-error.ts';

const fieldManager = 'mdev-operator-apply';

/**
 * Applies manifests by server-side apply, one after the other. What somebody else has changed since is left as it is, with a warning.
 * @throws UsageError naming the file that the API server refuses
 */
export async function applyManifests(client: KubeClient, manifests: readonly Manifest[], log: Logger, signal: AbortSignal): Promise<void> {
  for (const { file, resource, key, body } of manifests) {
    try {
      await client.apply(resource, key, body, { fieldManager, force: false }, signal);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code !== 409) throw new UsageError(`--apply: ${file}: ${error.message}`, { cause: error });
      log.warn(
        { file, kind: resource.kind, name: key.name, reason: error.message },
        'not applied: somebody else has changed the same fields',
      );
    }
  }
}
