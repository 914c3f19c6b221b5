import type { KubeClient } from '../../src/kube/client.ts';

/** A client that counts the writes which go through it, by verb and resource: `apply mdevdevices/status`. */
export function countingClient(client: KubeClient): { readonly client: KubeClient; readonly writes: Map<string, number> } {
  const writes = new Map<string, number>();
  const count = (what: string): void => void writes.set(what, (writes.get(what) ?? 0) + 1);
  return {
    writes,
    client: {
      get: (...args) => client.get(...args),
      list: (...args) => client.list(...args),
      watch: (...args) => client.watch(...args),
      close: () => client.close(),
      create: (resource, ...args) => {
        count(`create ${resource.plural}`);
        return client.create(resource, ...args);
      },
      replace: (resource, ...args) => {
        count(`replace ${resource.plural}`);
        return client.replace(resource, ...args);
      },
      apply: (resource, key, body, options, signal) => {
        count(`apply ${resource.plural}${options.subresource === undefined ? '' : '/status'}`);
        return client.apply(resource, key, body, options, signal);
      },
      patch: (resource, ...args) => {
        count(`patch ${resource.plural}`);
        return client.patch(resource, ...args);
      },
      delete: (resource, ...args) => {
        count(`delete ${resource.plural}`);
        return client.delete(resource, ...args);
      },
    },
  };
}
