import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { turnUntil } from '../../test/support/turns.ts';
import type { HttpClient } from '../kube/http-client.ts';
import { leaseSchema, type Lease } from '../kube/lease.ts';
import { Store } from '../kube/store.ts';
import { collectingLog } from '../kube/testing/lines.ts';
import { json, ScriptedServer, status } from '../kube/testing/scripted-server.ts';
import { ManualClock } from '../lib/manual-clock.ts';
import type { LostNodes } from './node-loss.ts';
import { NodeWatch } from './node-watch.ts';

function lease(renewTime: string, leaseDurationSeconds = 40): Lease {
  const metadata = { namespace: 'kube-node-lease', name: 'mdev-n1', resourceVersion: renewTime };
  return leaseSchema.parse({ metadata, spec: { renewTime, leaseDurationSeconds } });
}

const first = '2026-01-01T00:00:00.000000Z';
const second = '2026-01-01T00:00:10.000000Z';

describe('NodeWatch', () => {
  let server: ScriptedServer;
  let client: HttpClient;
  let clock: ManualClock;
  let watch: NodeWatch;
  let running: Promise<void>;
  let lostNodes: LostNodes;
  let told: string[];
  let concerned: boolean;
  let onTold: () => void;
  let leases: Store<Lease>;
  let stop: AbortController;

  beforeEach(async () => {
    server = await new ScriptedServer().start();
    clock = new ManualClock();
    client = server.client(clock);
    leases = new Store({});
    stop = new AbortController();
    lostNodes = new Map();
    told = [];
    concerned = true;
    onTold = () => undefined;
    const tell = (line: string): void => {
      told.push(line);
      onTold();
    };
    watch = new NodeWatch({
      client,
      clock,
      random: () => 0.5,
      log: collectingLog(),
      leases,
      lostNodes,
      concerns: () => concerned,
      onLost: (node, { lastHeard }) => tell(`${node} lost, last heard ${lastHeard ?? 'never'}`),
      onFound: (node, heard) => tell(`${node} ${heard ? 'heard' : 'no concern'}`),
    });
    running = watch.run(stop.signal);
  });

  afterEach(async () => {
    stop.abort(new Error('test over'));
    await running;
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  function renew(renewTime: string): void {
    leases.upsert(lease(renewTime));
    watch.leaseChanged('kube-node-lease/mdev-n1');
  }

  const news = (): Promise<void> =>
    new Promise((resolve) => {
      onTold = resolve;
    });

  /** Lets an answer be taken in: only the timer for the next deadline is left. */
  async function answered(): Promise<void> {
    await turnUntil(() => clock.pending === 1);
    expect(clock.pending).toBe(1);
  }

  it('asks nobody while a Lease is renewed, and has one timer for all', async () => {
    for (const node of ['n1', 'n2', 'n3']) watch.follow(node);
    expect(clock.pending).toBe(1);
    await clock.advance(30_000);
    expect(server.received).toEqual([]);
    expect(clock.pending).toBe(1);
  });

  it('calls a node lost when its Lease did not change for a whole duration and the server says so too', async () => {
    renew(first);
    watch.follow('n1');
    await clock.advance(20_000);
    renew(second);
    await clock.advance(39_999);
    expect(server.received).toEqual([]);
    const lost = news();
    server.next(json(200, lease(second)));
    await clock.advance(1);
    await lost;
    expect(told).toEqual(['n1 lost, last heard 2026-01-01T00:00:10Z']);
    expect(lostNodes.has('n1')).toBe(true);
    renew(first);
    expect(told.at(-1)).toBe('n1 heard');
    expect(lostNodes.has('n1')).toBe(false);
  });

  it('believes the server more than a watch that is late: this process may have stood still', async () => {
    renew(first);
    watch.follow('n1');
    server.next(json(200, lease(second)));
    await clock.advance(40_000);
    await server.arrived(1);
    await answered();
    expect(lostNodes.size).toBe(0);
  });

  it('reads a Lease without label, of an older agent, by its name', async () => {
    watch.follow('n1');
    server.next(json(200, lease(first)));
    await clock.advance(40_000);
    await server.arrived(1);
    await answered();
    const lost = news();
    server.next(json(200, lease(first)));
    await clock.advance(40_000);
    await lost;
    expect(server.received.map(({ url }) => url.pathname.split('/').at(-1))).toEqual(['mdev-n1', 'mdev-n1']);
  });

  it('loses a node whose agent has no Lease at all', async () => {
    watch.follow('n1');
    const lost = news();
    server.next(status(404, 'NotFound', 'leases "mdev-n1" not found'));
    await clock.advance(40_000);
    await lost;
    expect(told).toEqual(['n1 lost, last heard never']);
  });

  it.each([
    ['refuses', (): unknown => server.next(status(500, 'InternalError', 'broken'))],
    ['does not answer in time', (): unknown => clock.advance(5_000)],
  ])('loses nobody when the server %s, and begins to count anew', async (_, misbehave) => {
    renew(first);
    watch.follow('n1');
    await clock.advance(40_000);
    await server.arrived(1);
    await misbehave();
    await answered();
    await clock.advance(39_999);
    expect(server.received).toHaveLength(1);
    expect(lostNodes.size).toBe(0);
  });

  it('gives every node its whole time again when the watch was interrupted', async () => {
    renew(first);
    watch.follow('n1');
    await clock.advance(39_000);
    watch.interrupted();
    await clock.advance(39_999);
    expect(server.received).toEqual([]);
    await clock.advance(1);
    await server.arrived(1);
  });

  it('forgets a lost node that nothing depends on any more', async () => {
    watch.follow('n1');
    const lost = news();
    server.next(status(404, 'NotFound', 'leases "mdev-n1" not found'));
    await clock.advance(40_000);
    await lost;
    watch.objectGone();
    expect(told).toHaveLength(1);
    concerned = false;
    watch.objectGone();
    expect(told.at(-1)).toBe('n1 no concern');
    expect(clock.pending).toBe(0);
  });
});
