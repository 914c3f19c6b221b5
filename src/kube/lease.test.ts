import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { turnUntil } from '../../test/support/turns.ts';
import { ManualClock } from '../lib/manual-clock.ts';
import type { HttpClient } from './http-client.ts';
import { heartbeat } from './lease.ts';
import { collectingLog } from './testing/lines.ts';
import { json, ScriptedServer, status } from './testing/scripted-server.ts';

describe('heartbeat', () => {
  let server: ScriptedServer;
  let client: HttpClient;
  let clock: ManualClock;
  let stop: AbortController;
  let beating: Promise<void>;
  /** Requests that are over. */
  let ended: number;
  const log = collectingLog();

  beforeEach(async () => {
    server = await new ScriptedServer().start();
    clock = new ManualClock();
    ended = 0;
    client = server.client(clock, () => {
      ended += 1;
    });
    stop = new AbortController();
    const lease = { namespace: 'kube-node-lease', name: 'n1' };
    beating = heartbeat(
      { client, clock, log, lease, identity: 'n1', fieldManager: 'mdev-agent', interval: 10_000, durationSeconds: 40 },
      stop.signal,
    );
  });

  afterEach(async () => {
    stop.abort(new Error('test over'));
    await beating;
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  /** Until so many beats are over, and the next is waited for: the one timer that is left. */
  async function over(beats: number): Promise<void> {
    await turnUntil(() => ended === beats);
    expect([ended, clock.pending]).toEqual([beats, 1]);
  }

  it('beats at its interval, also after a beat that failed, and stops when told to', async () => {
    server
      .next(json(200, {}))
      .next(status(500, 'InternalError', 'broken'))
      .next(json(200, {}));
    for (let beat = 1; beat <= 3; beat++) {
      await over(beat);
      await clock.advance(10_000);
    }
    await server.arrived(4);
    const [first] = server.received;
    expect(first?.url.pathname).toBe('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1');
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      spec: { holderIdentity: 'n1', leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' },
    });
    expect(log.lines).toContain('warn cannot renew a lease');
  });

  it('gives up a beat that has no answer when the next is due', async () => {
    await server.arrived(1);
    await clock.advance(10_000);
    await over(1);
    await clock.advance(10_000);
    await server.arrived(2);
  });
});
