import type { KubeClient } from '../src/kube/client.ts';
import { deviceResource } from '../src/kube/resource.ts';
import { clientFor } from '../test/support/cluster-client.ts';
import { startApiServerProcess } from './processes.ts';
import { compare, median, type BenchResult } from './result.ts';

const watcherCount = 200;
const writes = 60;

/**
 * From the start of one write until 200 watchers, each with a connection of its own, have its event; beside the same write with
 * nobody watching. The watchers are in this process: their reading counts too.
 */
export async function apiWatch(): Promise<readonly BenchResult[]> {
  await using server = await startApiServerProcess();
  const writer = clientFor(server.kubeconfig);
  const signal = AbortSignal.timeout(120_000);
  const key = { namespace: 'default', name: 'device' };
  const object = await writer.create(
    deviceResource,
    { metadata: { name: key.name }, spec: { type: { id: 'mtty-1' } } },
    { namespace: key.namespace },
    signal,
  );
  const write = (step: number): Promise<unknown> =>
    writer.patch(deviceResource, key, 'merge', { metadata: { labels: { step: String(step) } } }, {}, signal);

  const alone: number[] = [];
  for (let step = 0; step < writes; step++) alone.push(await timed(() => write(step)));

  const over = new AbortController();
  const watchers = Array.from({ length: watcherCount }, () => clientFor(server.kubeconfig));
  const all = countdown();
  const resourceVersion = await currentVersion(writer, signal);
  const watching = watchers.map((client) =>
    client.watch(deviceResource, { resourceVersion, timeoutSeconds: 300 }, () => all.one(), over.signal).catch(ended(over.signal)),
  );
  const watched: number[] = [];
  // The first write also waits for the slowest watcher to be connected.
  for (let step = 0; step <= writes; step++) {
    const seen = all.expect(watcherCount);
    const time = await timed(async () => {
      await write(writes + step);
      await seen;
    });
    if (step > 0) watched.push(time);
  }
  over.abort();
  await Promise.all(watching);
  await Promise.all([...watchers, writer].map((client) => client.close()));
  if (object.metadata.uid === undefined) throw new Error('the object has no UID');
  return [compare('api.watch', median(watched), 'ms', median(alone), 3)];
}

async function currentVersion(client: KubeClient, signal: AbortSignal): Promise<string> {
  return (await client.list(deviceResource, {}, signal)).resourceVersion;
}

/** Lets one wait for a number of calls of `one`. */
function countdown(): { one: () => void; expect: (count: number) => Promise<void> } {
  let left = 0;
  let done: () => void = () => undefined;
  return {
    one: () => {
      if (--left === 0) done();
    },
    expect: (count) => {
      left = count;
      return new Promise((resolve) => (done = resolve));
    },
  };
}

function ended(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}
