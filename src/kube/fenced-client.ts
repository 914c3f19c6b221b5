import type { KubeClient } from './client.ts';
import { LeadershipLost } from './leader-election.ts';

/**
 * A client that reads as `client` does, and writes only while `mayWrite` says so. A process that is paused and wakes up goes on where it
 * was, with what it knew then; without this it would write that before it has found out that somebody else leads.
 * @returns a client whose writes reject with LeadershipLost when `mayWrite` is false
 */
export function fencedClient(client: KubeClient, mayWrite: () => boolean): KubeClient {
  const fence = async <T>(write: () => Promise<T>): Promise<T> => {
    if (!mayWrite()) throw new LeadershipLost('Not written: the lease was not renewed in time, somebody else may lead by now');
    return write();
  };
  return {
    get: (resource, key, signal) => client.get(resource, key, signal),
    list: (resource, query, signal) => client.list(resource, query, signal),
    watch: (resource, query, onEvent, signal) => client.watch(resource, query, onEvent, signal),
    create: (resource, object, options, signal) => fence(() => client.create(resource, object, options, signal)),
    replace: (resource, key, object, signal) => fence(() => client.replace(resource, key, object, signal)),
    apply: (resource, key, body, options, signal) => fence(() => client.apply(resource, key, body, options, signal)),
    patch: (resource, key, type, body, options, signal) => fence(() => client.patch(resource, key, type, body, options, signal)),
    delete: (resource, key, options, signal) => fence(() => client.delete(resource, key, options, signal)),
    close: () => client.close(),
  };
}
