import type { ClientRequest } from 'node:http';
import { get, type RequestOptions } from 'node:https';
import type { KubeClient } from '../src/kube/client.ts';
import { deviceResource } from '../src/kube/resource.ts';
import { clientFor } from '../test/support/cluster-client.ts';
import { connectionOptions } from './https-connection.ts';
import { startApiServerProcess } from './processes.ts';
import { compare, median, type BenchResult } from './result.ts';

const watcherCount = 200;
const writes = 60;

/**
 * From the start of one write until 200 watchers, each with a connection of its own, have its event; beside the same write with
 * nobody watching. The watchers are in this process, so their reading counts too; they do not parse.
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

  const all = countdown();
  const resourceVersion = await currentVersion(writer, signal);
  const connection = await connectionOptions(server.kubeconfig, watcherCount);
  const watchers = await Promise.all(Array.from({ length: watcherCount }, () => watch(connection, resourceVersion, all.one)));
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
  for (const watcher of watchers) watcher.destroy();
  await writer.close();
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

/** Opens a watch; `onEvent` is called for each event, which is read and not parsed. */
function watch(connection: RequestOptions, resourceVersion: string, onEvent: () => void): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const path = `/apis/mediated.dev/v1alpha1/mdevdevices?watch=true&resourceVersion=${resourceVersion}`;
    const request = get({ ...connection, path }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`watch: ${response.statusCode ?? 0}`));
      // An event is one line, and there is one at a time.
      response.on('data', (bytes: Buffer) => {
        if (bytes.at(-1) === 0x0a) onEvent();
      });
      response.on('error', () => undefined);
      resolve(request);
    });
    request.on('error', reject);
  });
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}
