import { KubeConfig } from '@kubernetes/client-node';
import type { KubeClient, KubeObject } from '../../src/kube/client.ts';
import { HttpClient } from '../../src/kube/http-client.ts';
import { keyOf, type ResourceRef } from '../../src/kube/resource.ts';
import { systemClock } from '../../src/lib/clock.ts';

/** A client for the API server of a kubeconfig. The caller closes it. */
export function clientFor(kubeconfig: string): KubeClient {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return new HttpClient({ config, clock: systemClock, userAgent: 'mdev-operator-test' });
}

/** All objects of a resource, through all pages, and the resourceVersion to watch from. */
export async function listAll(
  client: KubeClient,
  resource: ResourceRef,
  signal: AbortSignal,
): Promise<{ objects: Map<string, KubeObject>; resourceVersion: string }> {
  const objects = new Map<string, KubeObject>();
  let token: string | undefined;
  for (;;) {
    const page = await client.list(resource, { limit: 500, ...(token === undefined ? {} : { continue: token }) }, signal);
    for (const item of page.items as readonly KubeObject[]) objects.set(keyOf(item.metadata), item);
    token = page.continue;
    if (token === undefined) return { objects, resourceVersion: page.resourceVersion };
  }
}

/** Lists and watches a resource until its objects satisfy `predicate`. Fails, saying what it saw last, after `timeout` ms. */
export async function waitForObjects(
  client: KubeClient,
  resource: ResourceRef,
  predicate: (objects: ReadonlyMap<string, KubeObject>) => boolean,
  timeout: number,
): Promise<ReadonlyMap<string, KubeObject>> {
  const patience = AbortSignal.timeout(timeout);
  const { objects, resourceVersion } = await listAll(client, resource, patience);
  if (predicate(objects)) return objects;
  const satisfied = new AbortController();
  try {
    await client.watch(
      resource,
      { resourceVersion, timeoutSeconds: Math.ceil(timeout / 1000) + 1 },
      ({ type, object }) => {
        if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') return;
        const changed = object as KubeObject;
        if (type === 'DELETED') objects.delete(keyOf(changed.metadata));
        else objects.set(keyOf(changed.metadata), changed);
        if (predicate(objects)) satisfied.abort();
      },
      AbortSignal.any([patience, satisfied.signal]),
    );
  } catch (error) {
    if (!satisfied.signal.aborted)
      throw new Error(`${resource.plural} did not become as expected within ${timeout} ms; the last seen: ${describe(objects)}`, {
        cause: error,
      });
  }
  return objects;
}

/** How many there are, and the first few that are not Ready, in full. */
function describe(objects: ReadonlyMap<string, KubeObject>): string {
  const rest = [...objects.values()].filter(({ status }) => !JSON.stringify(status ?? null).includes('"type":"Ready","status":"True"'));
  const shown = rest.slice(0, 3).map(({ metadata, status }) => ({ name: metadata.name, deleted: metadata.deletionTimestamp, status }));
  return `${objects.size}, of which ${rest.length} not Ready, among them ${JSON.stringify(shown)}`;
}
