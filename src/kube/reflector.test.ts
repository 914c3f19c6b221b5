import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { objectMetaSchema } from '../api/object-meta.ts';
import { ManualClock } from '../lib/manual-clock.ts';
import type { HttpClient } from './http-client.ts';
import { Reflector } from './reflector.ts';
import type { ResourceRef } from './resource.ts';
import { Store } from './store.ts';
import { collectingLog } from './testing/lines.ts';
import { list, ScriptedServer, status, watch } from './testing/scripted-server.ts';

const things: ResourceRef = { group: 'test.dev', version: 'v1', plural: 'things', namespaced: true, kind: 'Thing' };
const thingSchema = z.object({
  kind: z.literal('Thing'),
  metadata: objectMetaSchema,
  size: z.int().default(0),
  text: z.string().optional(),
});
type Thing = z.infer<typeof thingSchema>;

function thing(name: string, resourceVersion: string, fields: object = {}): object {
  return { metadata: { namespace: 'ns', name, uid: `uid-${name}`, resourceVersion }, ...fields };
}

function bookmark(resourceVersion: string): object {
  return { type: 'BOOKMARK', object: { kind: 'Thing', metadata: { resourceVersion } } };
}

describe('Reflector', () => {
  let server: ScriptedServer;
  let client: HttpClient;
  let clock: ManualClock;
  let store: Store<Thing>;
  let reflector: Reflector<Thing>;
  let running: Promise<void>;
  let stop: AbortController;
  let waiters: { met: () => boolean; resolve: () => void }[];
  let changes: string[];
  let phases: string[];
  /** Watches answered so far. */
  let opened: number;
  const log = collectingLog();

  /** Resolves as soon as `met` holds after some change. */
  function until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve();
    return new Promise((resolve) => waiters.push({ met, resolve }));
  }

  function check(): void {
    for (const waiter of waiters.filter(({ met }) => met())) waiter.resolve();
    waiters = waiters.filter(({ met }) => !met());
  }

  function start(): void {
    running = reflector.run(stop.signal);
  }

  function query(index: number, name: string): string | null | undefined {
    return server.received[index]?.url.searchParams.get(name);
  }

  beforeEach(async () => {
    server = await new ScriptedServer().start();
    waiters = [];
    clock = new ManualClock();
    opened = 0;
    client = server.client(clock, ({ verb }) => {
      if (verb === 'watch') opened += 1;
      check();
    });
    store = new Store<Thing>({});
    stop = new AbortController();
    running = Promise.resolve();
    changes = [];
    phases = [];
    log.lines.length = 0;
    reflector = new Reflector<Thing>({
      client,
      resource: things,
      selection: { fieldSelector: 'spec.nodeName=n1' },
      parse: (object) => thingSchema.parse(object),
      store,
      onChange: (key) => {
        changes.push(key);
        check();
      },
      onState: (phase, failures) => {
        phases.push(`${phase} ${failures}`);
        check();
      },
      clock,
      random: () => 0.5,
      log,
    });
  });

  afterEach(async () => {
    stop.abort(new Error('test over'));
    await running;
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  it('lists page by page, then watches from the list with bookmarks, a time limit and the same selection', async () => {
    server
      .next(list('10', [thing('a', '1')], 'more'))
      .next(list('10', [thing('b', '2')]))
      .next(watch([{ type: 'ADDED', object: thing('c', '11') }]));
    start();
    await reflector.whenSynced(stop.signal);
    expect(store.list().map((item) => item.metadata.name)).toEqual(['a', 'b']);
    await until(() => store.has('ns/c'));
    expect(server.received.map((request) => request.url.pathname)).toEqual(Array(3).fill('/apis/test.dev/v1/things'));
    expect(query(0, 'limit')).toBe('500');
    expect(query(1, 'continue')).toBe('more');
    expect(query(2, 'resourceVersion')).toBe('10');
    expect(query(2, 'allowWatchBookmarks')).toBe('true');
    expect(query(2, 'fieldSelector')).toBe('spec.nodeName=n1');
    expect(Number(query(2, 'timeoutSeconds'))).toBe(450);
    expect(changes).toEqual(['ns/a', 'ns/b', 'ns/c']);
  });

  it('fills in the kind that servers leave out in lists, and keeps line separators inside of strings', async () => {
    server.next(list('1', [])).next(watch([{ type: 'ADDED', object: thing('a', '2', { text: 'one\u2028two\u2029three' }) }]));
    start();
    await until(() => store.has('ns/a'));
    expect(store.get('ns/a')).toMatchObject({ kind: 'Thing', text: 'one\u2028two\u2029three' });
  });

  it('goes on from the last event after a reset connection', async () => {
    server.next(list('1', [])).next(watch([{ type: 'ADDED', object: thing('a', '7') }], 'reset'));
    start();
    await until(() => phases.at(-1)?.startsWith('Waiting') === true);
    server.next(list('7', [])).next(watch([{ type: 'MODIFIED', object: thing('a', '8', { size: 3 }) }]));
    await clock.advance(500);
    await until(() => store.get('ns/a')?.size === 3);
    expect(query(3, 'resourceVersion')).toBe('7');
    expect(changes).toEqual(['ns/a', 'ns/a']);
  });

  it('goes on from the last bookmark without a wait when the server ends a watch', async () => {
    server
      .next(list('1', []))
      .next(watch([bookmark('40')], 'end'))
      .next(watch([{ type: 'ADDED', object: thing('a', '41') }]));
    start();
    await until(() => store.has('ns/a'));
    expect(query(2, 'resourceVersion')).toBe('40');
    expect(phases).not.toContain('Waiting 1');
  });

  it('does not take a half-sent event, and asks for it again', async () => {
    server.next(list('1', [])).next((_, response) => {
      response.writeHead(200);
      response.write(`${JSON.stringify({ type: 'ADDED', object: thing('a', '2') })}\n{"type":"ADDED","object":{"meta`);
      response.end();
    });
    start();
    await until(() => phases.at(-1)?.startsWith('Waiting') === true);
    expect(store.size).toBe(1);
    server.next(list('2', [])).next(watch([{ type: 'ADDED', object: thing('b', '3') }]));
    await clock.advance(500);
    await until(() => store.has('ns/b'));
    expect(query(3, 'resourceVersion')).toBe('2');
  });

  it.each([
    ['as an ERROR event', watch([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } }])],
    ['as an HTTP status', status(410, 'Expired', 'too old resource version')],
  ])('lists again at once after 410 %s, and removes what is gone', async (_, refusal) => {
    server
      .next(list('1', [thing('a', '1'), thing('b', '1')]))
      .next(refusal)
      .next(list('90', [thing('b', '1'), thing('c', '80')]))
      .next(watch([]));
    start();
    await server.arrived(4);
    expect(store.list().map((item) => item.metadata.name)).toEqual(['b', 'c']);
    expect(changes).toEqual(['ns/a', 'ns/b', 'ns/a', 'ns/c']);
    expect(query(2, 'resourceVersion')).toBeNull();
    expect(query(3, 'resourceVersion')).toBe('90');
  });

  it('waits between lists when one 410 follows another', async () => {
    server
      .next(list('1', []))
      .next(status(410, 'Expired', 'old'))
      .next(list('2', []))
      .next(status(410, 'Expired', 'old'));
    start();
    await until(() => phases.at(-1) === 'Waiting 2');
  });

  it('lists again when the server has never heard of its version', async () => {
    const future = {
      kind: 'Status',
      code: 504,
      reason: 'Timeout',
      message: 'Too large resource version',
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
    };
    server.next(list('1000', [])).next(watch([{ type: 'ERROR', object: future }]));
    server.next(list('3', [thing('a', '2')])).next(watch([]));
    start();
    await server.arrived(4);
    expect(query(3, 'resourceVersion')).toBe('3');
  });

  it('lists again when the server was away and knows less than before: it was restored from a backup', async () => {
    server.next(list('1000', [thing('a', '900'), thing('b', '10')])).next(watch([], 'reset'));
    start();
    await until(() => phases.at(-1) === 'Waiting 1');
    server
      .next(list('70', []))
      .next(list('70', [thing('b', '10')]))
      .next(watch([]));
    await clock.advance(500);
    await server.arrived(5);
    expect(store.list().map((item) => item.metadata.name)).toEqual(['b']);
    expect(query(4, 'resourceVersion')).toBe('70');
  });

  it('watches again after 429, and not before the time that the server asks for', async () => {
    server.next(list('5', [])).next(status(429, 'TooManyRequests', 'later', { 'retry-after': '7' }));
    start();
    await until(() => phases.at(-1) === 'Waiting 1');
    await clock.advance(6900);
    expect(server.received).toHaveLength(2);
    server.next(list('5', [])).next(watch([{ type: 'ADDED', object: thing('a', '6') }]));
    await clock.advance(200);
    await until(() => store.has('ns/a'));
    expect(query(3, 'resourceVersion')).toBe('5');
  });

  it('waits longer with every failure, and forgets them only once something arrives', async () => {
    server.next(list('5', []));
    for (let index = 0; index < 3; index++) server.next(status(500, 'InternalError', 'broken'));
    start();
    for (const [failures, delay] of [
      [1, 375],
      [2, 750],
      [3, 1500],
    ] as const) {
      await until(() => phases.at(-1) === `Waiting ${failures}`);
      if (failures === 3) server.next(list('5', [])).next(watch([bookmark('6')], 'end'));
      await clock.advance(delay - 1);
      expect(phases.at(-1)).toBe(`Waiting ${failures}`);
      await clock.advance(1);
    }
    await until(() => phases.at(-1) === 'Watching 0');
  });

  it('counts a watch that ends at once with nothing in it as a failure', async () => {
    server.next(list('5', [])).next(watch([], 'end'));
    start();
    await until(() => phases.at(-1) === 'Waiting 1');
  });

  it('gives up a watch on which nothing is heard, and lists again if there was never anything', async () => {
    server.next(list('5', [])).next(watch([{ type: 'ADDED', object: thing('a', '6') }]));
    start();
    await until(() => store.has('ns/a'));
    await clock.advance(150_000);
    server.next(watch([]));
    await until(() => opened === 2);
    expect(query(2, 'resourceVersion')).toBe('6');
    await clock.advance(150_000);
    await server.arrived(4);
    expect(query(3, 'limit')).toBe('500');
  });

  it('goes on without an object that it cannot read, and keeps its last readable version', async () => {
    server.next(list('1', [thing('a', '1', { size: 1 }), thing('odd', '1', { size: 'big' })])).next(
      watch(
        [
          { type: 'MODIFIED', object: thing('a', '2', { size: 'big' }) },
          { type: 'ADDED', object: thing('b', '3') },
          { type: 'ERROR', object: { kind: 'Status', code: 410 } },
        ],
        'end',
      ),
    );
    server.next(list('9', [thing('a', '2', { size: 'big' }), thing('b', '3')])).next(watch([]));
    start();
    await server.arrived(4);
    expect(store.get('ns/a')?.size).toBe(1);
    expect(store.has('ns/b')).toBe(true);
    expect(store.has('ns/odd')).toBe(false);
    expect(log.lines).toContain('error cannot read an object, going on without it');
  });

  it('is not stopped by a handler that throws', async () => {
    const brave = new Reflector<Thing>({
      client,
      resource: things,
      parse: (object) => thingSchema.parse(object),
      store,
      onChange: () => {
        throw new Error('a bug');
      },
      clock,
      random: () => 0,
      log,
    });
    server.next(list('1', [thing('a', '1')])).next(watch([]));
    running = brave.run(stop.signal);
    await server.arrived(2);
    expect(log.lines).toContain('error a change handler failed');
  });

  it('can be stopped while it connects, and goes on where it was when run again', async () => {
    const first = new AbortController();
    server.next(list('5', [thing('a', '1')])).next(() => undefined);
    const run = reflector.run(first.signal);
    await server.arrived(2);
    first.abort(new Error('stop'));
    await run;
    server.next(watch([{ type: 'DELETED', object: thing('a', '6') }]));
    start();
    await until(() => store.size === 0);
    expect(query(2, 'resourceVersion')).toBe('5');
  });
});
