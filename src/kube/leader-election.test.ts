import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { turnUntil } from '../../test/support/turns.ts';
import { ManualClock } from '../lib/manual-clock.ts';
import { LeaderElector, LeadershipLost } from './leader-election.ts';
import { collectingLog } from './testing/lines.ts';
import { LeaseServer } from './testing/lease-server.ts';

const lease = { namespace: 'kube-system', name: 'leader' };

describe('LeaderElector', () => {
  let server: LeaseServer;
  let clock: ManualClock;
  let stop: AbortController;
  const runs: Promise<void>[] = [];

  interface Contender {
    readonly elector: LeaderElector;
    readonly stop: AbortController;
    terms: number;
    reason: unknown;
  }

  function contend(identity: string): Contender {
    const options = { client: server.client(clock), clock, random: () => 0, log: collectingLog(), lease, identity };
    const contender: Contender = { elector: new LeaderElector(options), stop: new AbortController(), terms: 0, reason: undefined };
    runs.push(
      contender.elector.run(
        (signal) =>
          new Promise((resolve) => {
            contender.terms += 1;
            const end = (): void => {
              contender.reason = signal.reason;
              resolve();
            };
            signal.addEventListener('abort', end, { once: true });
          }),
        AbortSignal.any([stop.signal, contender.stop.signal]),
      ),
    );
    return contender;
  }

  /** Turns the clock in retry periods, with time for the requests in between. */
  async function turn(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 2) {
      await clock.advance(2000);
      await server.quiet();
    }
  }

  beforeEach(async () => {
    server = await LeaseServer.start();
    clock = new ManualClock();
    stop = new AbortController();
  });

  afterEach(async () => {
    stop.abort(new Error('test over'));
    await Promise.all(runs.splice(0));
    await server.close();
  });

  it('makes one of two the leader, and lets the other take over as soon as it steps down', async () => {
    const first = contend('one');
    await turnUntil(() => first.elector.leading);
    const second = contend('two');
    await turn(30);
    expect([first.elector.leading, second.elector.leading]).toEqual([true, false]);
    first.stop.abort(new Error('shutting down'));
    await turnUntil(() => server.holder === '');
    await turn(4);
    expect([first.elector.leading, second.elector.leading]).toEqual([false, true]);
    expect(server.spec).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
    expect(server.spec['renewTime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it('takes the lease of a dead leader 15 s after it last saw a change, not sooner, whatever the times in it say', async () => {
    server.put({ holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z', leaseTransitions: 4 });
    const heir = contend('heir');
    await server.quiet();
    await turn(14);
    expect(heir.elector.leading).toBe(false);
    await turn(4);
    expect(heir.elector.leading).toBe(true);
    expect(server.spec).toMatchObject({ leaseTransitions: 5 });
  });

  it('stops leading 10 s after its last renewal when the server is gone, before others may start', async () => {
    const leader = contend('one');
    await turnUntil(() => leader.elector.leading);
    server.broken = true;
    await turn(8);
    expect(leader.elector.leading).toBe(true);
    await turn(4);
    expect(leader.elector.leading).toBe(false);
    expect(leader.reason).toBeInstanceOf(LeadershipLost);
    server.broken = false;
    await turn(6);
    expect(leader.terms).toBe(2);
  });

  it('may not act any more once the deadline has passed, though no timer has run yet', async () => {
    const leader = contend('one');
    await turnUntil(() => leader.elector.leading);
    expect(leader.elector.mayAct()).toBe(true);
    clock.sleepThrough(10_000);
    expect([leader.elector.leading, leader.elector.mayAct()]).toEqual([true, false]);
  });

  it('stops leading when it finds that somebody else holds the lease', async () => {
    const leader = contend('one');
    await turnUntil(() => leader.elector.leading);
    server.put({ holderIdentity: 'thief', leaseDurationSeconds: 15, leaseTransitions: 9 });
    await turn(2);
    expect(leader.elector.leading).toBe(false);
    expect(server.holder).toBe('thief');
  });
});
