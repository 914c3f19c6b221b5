import { KubeConfig } from '@kubernetes/client-node';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { objectMetaSchema } from '../../src/api/object-meta.ts';
import { startApiServer, type ApiServer } from '../../src/apiserver/server.ts';
import { ApiError, isConflict, isRetryable } from '../../src/kube/api-error.ts';
import { EventRecorder } from '../../src/kube/events.ts';
import { HttpClient } from '../../src/kube/http-client.ts';
import { LeaderElector } from '../../src/kube/leader-election.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { eventResource, leaseResource, nodeResource } from '../../src/kube/resource.ts';
import { Store } from '../../src/kube/store.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { testLogger } from '../agent/test-logger.ts';

const log = testLogger();
const nodeSchema = z.object({ kind: z.literal('Node'), metadata: objectMetaSchema });
type NodeObject = z.infer<typeof nodeSchema>;

describe('kube/ against the embedded API server', () => {
  let dataDir: string;
  let server: ApiServer;
  let client: HttpClient;
  let stop: AbortController;
  const running: Promise<unknown>[] = [];

  async function startServer(): Promise<void> {
    const history = { events: 20, characters: 1_000_000 };
    server = await startApiServer({ dataDir, host: '127.0.0.1', port: 0, crds: [], clock: systemClock, log, history });
  }

  function connect(): HttpClient {
    const config = new KubeConfig();
    config.loadFromFile(server.kubeconfigPath);
    return new HttpClient({ config, clock: systemClock, userAgent: 'kube-test' });
  }

  interface Following {
    readonly store: Store<NodeObject>;
    readonly reflector: Reflector<NodeObject>;
    readonly phases: string[];
    /** Resolves when something is as expected, looked at after every change. */
    readonly until: (met: () => boolean) => Promise<void>;
  }

  /** Follows the nodes, three to a page. */
  function follow(signal: AbortSignal = stop.signal): Following {
    const store = new Store<NodeObject>({});
    const phases: string[] = [];
    let waiting: { met: () => boolean; resolve: () => void }[] = [];
    const check = (): void => {
      for (const { met, resolve } of waiting) if (met()) resolve();
      waiting = waiting.filter(({ met }) => !met());
    };
    const reflector = new Reflector<NodeObject>({
      client,
      resource: nodeResource,
      parse: (object) => nodeSchema.parse(object),
      store,
      onChange: check,
      clock: systemClock,
      random: () => 0,
      log,
      pageSize: 3,
      onState: (phase) => {
        phases.push(phase);
        check();
      },
    });
    running.push(reflector.run(signal));
    const until = (met: () => boolean): Promise<void> => {
      if (met()) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ met, resolve }));
    };
    return { store, reflector, phases, until };
  }

  async function put(name: string, annotations: Record<string, string> = {}): Promise<void> {
    await client.apply(nodeResource, { name }, { metadata: { annotations } }, { fieldManager: 'test', force: true }, stop.signal);
  }

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'kube-test-'));
    stop = new AbortController();
    await startServer();
    client = connect();
  });

  afterEach(async () => {
    stop.abort(new Error('test over'));
    await Promise.all(running.splice(0));
    await client.close();
    await server.close();
    await rm(dataDir, { recursive: true });
  });

  it('lists in pages and follows what comes, changes and goes', async () => {
    for (let index = 0; index < 8; index++) await put(`n${index}`);
    const { store, until } = follow();
    await until(() => store.size === 8);
    const odd = 'a line\u2028and\u2029others\n';
    await put('n1', { text: odd });
    await until(() => store.get('n1')?.metadata.annotations?.['text'] === odd);
    await client.delete(nodeResource, { name: 'n2' }, {}, stop.signal);
    await until(() => !store.has('n2'));
  });

  it('goes on after the server was stopped and started again', async () => {
    await put('before');
    const { store, until, phases } = follow();
    await until(() => store.has('before'));
    await server.close();
    await until(() => phases.at(-1) === 'Waiting');
    await startServer();
    await put('after');
    await until(() => store.has('after'));
    expect(store.has('before')).toBe(true);
  });

  it('lists again when it was away for longer than the server remembers, and finds what went meanwhile', async () => {
    await put('stays');
    await put('goes');
    const away = new AbortController();
    const first = follow(away.signal);
    await first.until(() => first.store.size === 2);
    away.abort(new Error('away'));
    await Promise.all(running.splice(0));
    await client.delete(nodeResource, { name: 'goes' }, {}, stop.signal);
    for (let index = 0; index < 60; index++) await put('busy', { index: String(index) });
    running.push(first.reflector.run(stop.signal));
    await first.until(() => !first.store.has('goes') && first.store.has('busy'));
    expect(first.phases.lastIndexOf('Listing')).toBeGreaterThan(first.phases.indexOf('Watching'));
  });

  it('refuses writes to another version or another object, and says so', async () => {
    await put('n');
    const node = await client.get(nodeResource, { name: 'n' }, stop.signal);
    await put('n', { changed: 'yes' });
    const failure = (promise: Promise<unknown>): Promise<unknown> =>
      promise.then(
        () => undefined,
        (error: unknown) => error,
      );
    const metadata = { resourceVersion: node?.metadata.resourceVersion, labels: { a: 'b' } };
    const stale = await failure(client.patch(nodeResource, { name: 'n' }, 'merge', { metadata }, {}, stop.signal));
    expect(isConflict(stale)).toBe(true);
    const other = { metadata: { uid: '00000000-0000-0000-0000-00000000000a', labels: { a: 'b' } } };
    const applied = await failure(client.apply(nodeResource, { name: 'n' }, other, { fieldManager: 'x', force: true }, stop.signal));
    expect(applied).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(isConflict(await failure(client.delete(nodeResource, { name: 'n' }, { uid: other.metadata.uid }, stop.signal)))).toBe(true);
    const invalid = await failure(client.list(nodeResource, { labelSelector: '!!' }, stop.signal));
    expect(invalid).toBeInstanceOf(ApiError);
    expect(isRetryable(invalid)).toBe(false);
    expect(await client.get(nodeResource, { name: 'none' }, stop.signal)).toBeUndefined();
    await client.delete(nodeResource, { name: 'none' }, {}, stop.signal);
  });

  it('elects one leader, and another when it steps down', async () => {
    const lease = { namespace: 'kube-system', name: 'test' };
    const contend = (identity: string, signal: AbortSignal, led: () => void): void => {
      const elector = new LeaderElector({ client, clock: systemClock, random: () => 0, log, lease, identity, retryPeriod: 50 });
      const lead = (leading: AbortSignal): Promise<void> => {
        led();
        return new Promise((resolve) => leading.addEventListener('abort', () => resolve(), { once: true }));
      };
      running.push(elector.run(lead, signal));
    };
    const one = Promise.withResolvers<undefined>();
    const two = Promise.withResolvers<undefined>();
    const first = new AbortController();
    contend('one', first.signal, () => one.resolve(undefined));
    await one.promise;
    contend('two', stop.signal, () => two.resolve(undefined));
    first.abort(new Error('step down'));
    await two.promise;
    const object = await client.get(leaseResource, lease, stop.signal);
    expect(object?.['spec']).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
  });

  it('counts events that repeat', async () => {
    const recorder = new EventRecorder({ client, clock: systemClock, random: () => 0, log, component: 'test', instance: 'one' });
    running.push(recorder.run(stop.signal));
    const target = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', uid: 'u' } };
    const counted = Promise.withResolvers<undefined>();
    const watching = new AbortController();
    const { resourceVersion } = await client.list(eventResource, {}, stop.signal);
    running.push(
      client
        .watch(
          eventResource,
          { resourceVersion, timeoutSeconds: 60 },
          ({ object }) => {
            const { count } = object as { count?: number };
            if (count === 3) counted.resolve(undefined);
            else recorder.record(target, { type: 'Normal', reason: 'Tested', message: 'It was tested.' });
          },
          AbortSignal.any([watching.signal, stop.signal]),
        )
        .catch((error: unknown) => {
          if (!watching.signal.aborted) throw error;
        }),
    );
    recorder.record(target, { type: 'Normal', reason: 'Tested', message: 'It was tested.' });
    await counted.promise;
    watching.abort(new Error('counted'));
  });
});
