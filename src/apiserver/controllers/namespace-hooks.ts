/** What deleting a Namespace does: it turns Terminating and stays until its finalizers are gone. */
import type { Hooks } from '../api.ts';
import { childObject, type KubeObject } from '../object.ts';
import { forbidden } from '../status.ts';

const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** The entries of spec.finalizers. */
export function namespaceFinalizers(namespace: KubeObject): string[] {
  const finalizers = childObject(namespace, 'spec')?.['finalizers'];
  return Array.isArray(finalizers) ? finalizers.filter((finalizer) => typeof finalizer === 'string') : [];
}

export const namespaceHooks: Hooks = {
  checkDelete(namespace) {
    const { name } = namespace.metadata;
    if (immortal.has(name)) throw forbidden({ group: '', resource: 'namespaces' }, name, 'this namespace may not be deleted');
  },
  prepareDelete(namespace) {
    namespace['status'] = { ...childObject(namespace, 'status'), phase: 'Terminating' };
    return namespaceFinalizers(namespace).length > 0;
  },
  mayRemove: (namespace) => namespaceFinalizers(namespace).length === 0,
};
