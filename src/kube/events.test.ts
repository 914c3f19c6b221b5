import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { turnUntil } from '../../test/support/turns.ts';
import { ManualClock } from '../lib/manual-clock.ts';
import { EventRecorder, type EventTarget } from './events.ts';
import type { HttpClient } from './http-client.ts';
import { collectingLog } from './testing/lines.ts';
import { json, ScriptedServer, status } from './testing/scripted-server.ts';

const target: EventTarget = {
  apiVersion: 'mediated.dev/v1alpha1',
  kind: 'MdevDevice',
  metadata: { namespace: 'ns', name: 'gpu', uid: 'uid-1', resourceVersion: '7' },
};
const note = { type: 'Warning', reason: 'DeviceLost', message: 'The device was removed by hand.' } as const;

describe('EventRecorder', () => {
  let server: ScriptedServer;
  let client: HttpClient;
  let clock: ManualClock;
  let recorder: EventRecorder;
  let stop: AbortController;
  let running: Promise<void>;
  const log = collectingLog();

  function body(index: number): Record<string, unknown> {
    return JSON.parse(server.received[index]?.body ?? '{}') as Record<string, unknown>;
  }

  /** Resolves once the recorder has nothing to write. */
  async function written(met: () => boolean): Promise<void> {
    await turnUntil(met);
    expect(met()).toBe(true);
  }

  beforeEach(async () => {
    server = await new ScriptedServer().start();
    clock = new ManualClock();
    client = server.client(clock);
    stop = new AbortController();
    log.lines.length = 0;
    recorder = new EventRecorder({ client, clock, random: () => 0, log, component: 'mdev-agent', instance: 'n1' });
    running = recorder.run(stop.signal);
  });

  afterEach(async () => {
    stop.abort(new Error('test over'));
    await running;
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  it('writes what kubectl describe looks for, in the namespace of the object', async () => {
    server.next(json(201, {}));
    recorder.record(target, note);
    await server.arrived(1);
    expect(server.received[0]?.url.pathname).toBe('/api/v1/namespaces/ns/events');
    expect(body(0)).toMatchObject({
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice', namespace: 'ns', name: 'gpu', uid: 'uid-1' },
      ...note,
      source: { component: 'mdev-agent', host: 'n1' },
      count: 1,
      firstTimestamp: '2026-01-01T00:00:00Z',
    });
  });

  it('puts events about cluster-scoped objects into namespace default', async () => {
    recorder.record({ ...target, metadata: { name: 'parent' } }, note);
    await server.arrived(1);
    expect(server.received[0]?.url.pathname).toBe('/api/v1/namespaces/default/events');
  });

  it('counts what is said again, and writes anew after ten minutes', async () => {
    server.next(json(201, {})).next(json(200, {})).next(json(201, {}));
    recorder.record(target, note);
    await server.arrived(1);
    await written(() => !recorder.busy);
    await clock.advance(60_000);
    recorder.record(target, note);
    await server.arrived(2);
    await written(() => !recorder.busy);
    expect(server.received[1]?.method).toBe('PATCH');
    expect(body(1)).toEqual({ count: 2, lastTimestamp: '2026-01-01T00:01:00Z' });
    await clock.advance(11 * 60_000);
    recorder.record(target, note);
    await server.arrived(3);
    expect(server.received[2]?.method).toBe('POST');
  });

  it('makes a new event when the old one is there no more', async () => {
    server
      .next(json(201, {}))
      .next(status(404, 'NotFound', 'gone'))
      .next(json(201, {}));
    recorder.record(target, note);
    await server.arrived(1);
    await written(() => !recorder.busy);
    recorder.record(target, note);
    await server.arrived(3);
    expect(server.received.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST']);
  });

  it('tries again when the server cannot answer, and drops what it refuses', async () => {
    server
      .next(status(503, 'ServiceUnavailable', 'wait'))
      .next(json(201, {}))
      .next(status(403, 'Forbidden', 'no'));
    recorder.record(target, note);
    await server.arrived(1);
    await written(() => clock.pending > 0 && !log.lines.every((line) => !line.includes('trying again')));
    await clock.advance(500);
    await server.arrived(2);
    recorder.record(target, { ...note, message: 'Another one.' });
    await server.arrived(3);
    await written(() => !recorder.busy);
    expect(recorder.dropped).toBe(1);
    expect(log.lines).toContain('warn cannot write an event');
  });

  it('lets one object say 25 different things at once, and no more', async () => {
    for (let index = 0; index < 40; index++) recorder.record(target, { ...note, reason: `Reason${index}` });
    expect(recorder.dropped).toBe(15);
    await clock.advance(300_000);
    recorder.record(target, { ...note, message: 'Later.' });
    expect(recorder.dropped).toBe(15);
  });

  it('makes one event of many that differ in their message only, and has it say the latest', async () => {
    for (let index = 0; index < 13; index++) server.next(json(201, {}));
    for (let index = 0; index < 30; index++) recorder.record(target, { ...note, message: `Message ${index}.` });
    await server.arrived(11);
    await written(() => !recorder.busy);
    expect(server.received).toHaveLength(11);
    expect(body(10)).toMatchObject({ message: '(combined from similar events): Message 29.', count: 20 });
    recorder.record(target, { ...note, message: 'Message 30.' });
    await server.arrived(12);
    expect([server.received[11]?.method, body(11)]).toMatchObject([
      'PATCH',
      { message: '(combined from similar events): Message 30.', count: 21 },
    ]);
    await written(() => !recorder.busy);
    // One of the first is still counted by itself; another object has Events of its own.
    recorder.record(target, { ...note, message: 'Message 0.' });
    await server.arrived(13);
    expect(body(12)).toEqual({ count: 2, lastTimestamp: '2026-01-01T00:00:00Z' });
    expect(recorder.dropped).toBe(0);
  });
});
