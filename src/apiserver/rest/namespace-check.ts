/** New content needs a namespace that exists and is not on its way out, as the NamespaceLifecycle admission plugin asks. */
import type { Api } from '../api.ts';
import { groupResourceOf, type Resource } from '../resource.ts';
import { forbidden, notFound } from '../status.ts';

/** The storage name of Namespaces. */
export const namespaceStorage = 'namespaces';

/** @throws StatusError 404 without the namespace, 403 while it is Terminating. */
export function checkNamespace(api: Api, resource: Resource, namespace: string, name: string): void {
  if (!resource.namespaced) return;
  const entry = api.store.collection(namespaceStorage).newest(namespace);
  if (entry === undefined) throw notFound({ group: '', resource: 'namespaces' }, namespace);
  if (entry.deleting) {
    throw forbidden(
      groupResourceOf(resource),
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [{ reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' }],
    );
  }
}
