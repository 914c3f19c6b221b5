import type { KubeClient, KubeObject, Selection } from '../../src/kube/client.ts';
import type { ResourceRef } from '../../src/kube/resource.ts';

/** What a watch says of an object. */
export type OnObject = (type: string, object: KubeObject) => void;

/**
 * Watches what changes from now on, again and again where the server ends a watch (as it does when a CRD has just been established), until
 * `signal` is aborted. Resolves once it knows from where on.
 * @returns a promise that rejects when a watch fails
 */
export async function follow(
  client: KubeClient,
  resource: ResourceRef,
  selection: Selection,
  onObject: OnObject,
  signal: AbortSignal,
): Promise<{ readonly failed: Promise<never> }> {
  const { resourceVersion } = await client.list(resource, { ...selection, limit: 1 }, signal);
  const failed = watchFrom(resourceVersion, client, resource, selection, onObject, signal);
  failed.catch(() => undefined);
  return { failed };
}

async function watchFrom(
  resourceVersion: string,
  client: KubeClient,
  resource: ResourceRef,
  selection: Selection,
  onObject: OnObject,
  signal: AbortSignal,
): Promise<never> {
  let last = resourceVersion;
  for (;;) {
    const query = { ...selection, resourceVersion: last, timeoutSeconds: 3600 };
    await client.watch(
      resource,
      query,
      ({ type, object }) => {
        const seen = object as KubeObject;
        last = seen.metadata.resourceVersion ?? last;
        if (type !== 'BOOKMARK') onObject(type, seen);
      },
      signal,
    );
  }
}
