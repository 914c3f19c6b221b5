import type { KubeClient, ListQuery } from './client.ts';
import type { ResourceRef } from './resource.ts';

/** So many objects are asked for at once. */
const pageSize = 500;

/** All objects of a resource, page by page. @throws ApiError, ConnectionError, or the signal's reason */
export async function listAll(
  client: Pick<KubeClient, 'list'>,
  resource: ResourceRef,
  query: Omit<ListQuery, 'limit' | 'continue'>,
  signal: AbortSignal,
): Promise<unknown[]> {
  const items: unknown[] = [];
  let token: string | undefined;
  do {
    const page = await client.list(resource, { ...query, limit: pageSize, ...(token !== undefined && { continue: token }) }, signal);
    items.push(...page.items);
    token = page.continue;
  } while (token !== undefined);
  return items;
}
