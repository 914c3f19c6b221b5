import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { turnUntil } from '../../test/support/turns.ts';
import type { HttpClient } from '../kube/http-client.ts';
import { collectingLog } from '../kube/testing/lines.ts';
import { json, ScriptedServer, status } from '../kube/testing/scripted-server.ts';
import { ManualClock } from '../lib/manual-clock.ts';
import { LossReporter } from './loss-reporter.ts';
import { deviceNamed, parentNamed } from './testing/objects.ts';
import { clusterUID } from './testing/situation.ts';
import { createWorld, type World } from './world.ts';

const lastTransitionTime = '2026-01-05T00:00:00Z';
const lost = { lastHeard: '2026-01-01T00:00:00Z', number: 1 };

function ready(value: 'True' | 'Unknown', reason: string): object {
  return { type: 'Ready', status: value, reason, message: 'It is so.', lastTransitionTime };
}

describe('LossReporter', () => {
  let server: ScriptedServer;
  let client: HttpClient;
  let clock: ManualClock;
  let world: World;
  let reporter: LossReporter;
  let stop: AbortController;
  let running: Promise<void>;
  let answers: number;

  beforeEach(async () => {
    server = await new ScriptedServer().start();
    clock = new ManualClock();
    answers = 0;
    client = server.client(clock, () => {
      answers += 1;
    });
    world = createWorld(clusterUID);
    stop = new AbortController();
    reporter = new LossReporter({ client, clock, random: () => 0.5, log: collectingLog(), world });
    running = reporter.run(stop.signal);
  });

  afterEach(async () => {
    stop.abort(new Error('test over'));
    await running;
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  /** The watch brings a device of node n1. */
  function bring(name: string, resourceVersion: string, condition = ready('True', 'Ready')): void {
    const allocation = { nodeName: 'n1', parentName: 'p', typeID: 'small' };
    const metadata = { resourceVersion };
    world.devices.upsert(deviceNamed(name, { type: { id: 'small' } }, { metadata, status: { allocation, conditions: [condition] } }));
    reporter.objectChanged(`ns/${name}`);
  }

  function change(kind: 'lost' | 'found', number = 1): void {
    if (kind === 'lost') world.lostNodes.set('n1', { ...lost, number });
    else world.lostNodes.delete('n1');
    reporter.nodeChanged('n1');
  }

  /** Until so many answers have been taken in, and so many timers are left. */
  async function settled(count: number, timers: number): Promise<void> {
    await turnUntil(() => answers === count && clock.pending === timers);
    expect([answers, clock.pending]).toEqual([count, timers]);
  }

  it('writes what a lost node bears at a bounded pace, parents first, each once', async () => {
    world.parents.upsert(parentNamed('p', { types: { small: [8, 8] } }));
    for (let index = 0; index < 20; index++) bring(`d${index}`, '1');
    for (let index = 0; index < 40; index++) server.next(json(200, { metadata: { name: 'x' } }));
    change('lost');
    for (const [count, waiting] of [
      [8, 8],
      [16, 8],
      [21, 5],
    ] as const) {
      await server.arrived(count);
      await settled(count, waiting);
      expect(server.received).toHaveLength(count);
      await clock.advance(40);
    }
    expect(server.received[0]?.url.pathname).toBe('/apis/mediated.dev/v1alpha1/mdevparents/p/status');
    change('lost');
    await clock.advance(1_000);
    expect(server.received).toHaveLength(21);
  });

  it('says so by a manager of its own, of the version that it looked at, and of nothing else', async () => {
    bring('a', '7');
    change('lost');
    await server.arrived(1);
    const [claim] = server.received;
    expect(claim?.url.searchParams.get('fieldManager')).toBe('mdev-controller-node-loss');
    const { metadata, status: written } = JSON.parse(claim?.body ?? '') as { metadata: object; status: object };
    expect(metadata).toMatchObject({ uid: 'uid-a', resourceVersion: '7' });
    expect(written).toEqual({
      conditions: [
        expect.objectContaining({ type: 'Ready', status: 'Unknown', reason: 'NodeLost', lastTransitionTime: '2026-01-01T00:00:00Z' }),
      ],
    });
  });

  it('looks again when the object has changed under its hands', async () => {
    bring('a', '7');
    server.next(status(409, 'Conflict', 'the object has been modified'));
    change('lost');
    await server.arrived(1);
    await settled(1, 1);
    bring('a', '8', ready('Unknown', 'NodeLost'));
    await clock.advance(1_000);
    expect(server.received).toHaveLength(1);
  });

  it('gives up its claim, also one that another controller has left, when the agent has taken over', async () => {
    bring('a', '7', ready('Unknown', 'NodeLost'));
    bring('b', '7');
    bring('a', '8');
    await server.arrived(1);
    const [release] = server.received;
    expect(release?.url.pathname).toContain('/mdevdevices/a/status');
    expect(JSON.parse(release?.body ?? '')).not.toHaveProperty('status');
  });

  it('has nothing to do with an object of the same name that came later', async () => {
    bring('a', '7', ready('Unknown', 'NodeLost'));
    world.devices.upsert(deviceNamed('a', { type: { id: 'small' } }, { uid: 'another', metadata: { resourceVersion: '9' } }));
    reporter.objectChanged('ns/a');
    bring('b', '7');
    change('lost');
    await server.arrived(1);
    expect(server.received.map(({ url }) => url.pathname.split('/').at(-2))).toEqual(['b']);
  });
});
