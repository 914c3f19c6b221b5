import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findNode, keepNodeLease } from '../../src/agent/node.ts';
import { agentLeaseLabel } from '../../src/api/group.ts';
import type { MdevParent } from '../../src/api/mdev-parent.ts';
import { parentObjectName } from '../../src/api/parent-name.ts';
import type { KubeClient, KubeObject } from '../../src/kube/client.ts';
import { agentLeaseKey } from '../../src/kube/lease.ts';
import { leaseResource, nodeResource, parentResource } from '../../src/kube/resource.ts';
import { ManualClock } from '../../src/lib/manual-clock.ts';
import { turnUntil } from '../support/turns.ts';
import { waitFor } from './agent-node.ts';
import type { Cluster } from './cluster.ts';
import { countingClient } from './counting-client.ts';
import { TestNode, uuidsOf } from './harness.ts';
import { gvt, matrix, testProfile } from './profiles.ts';
import { startCluster } from './start-cluster.ts';
import { testLogger } from './test-logger.ts';

const patience = 10_000;

function ownerOf(object: { readonly metadata: object } | undefined): string | undefined {
  return (object?.metadata as { ownerReferences?: { uid: string }[] } | undefined)?.ownerReferences?.[0]?.uid;
}

describe('when its Node object is deleted', () => {
  let cluster: Cluster;
  let nodes = 0;
  let name: string;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    nodes += 1;
    name = `node-object-${nodes}`;
  });

  async function makeNode(): Promise<string> {
    const { metadata } = await cluster.client.create(nodeResource, { metadata: { name } }, {}, AbortSignal.timeout(patience));
    return metadata.uid ?? '';
  }

  async function deleteNode(): Promise<void> {
    await cluster.client.delete(nodeResource, { name }, {}, AbortSignal.timeout(patience));
  }

  describe('an agent that lives', () => {
    let node: TestNode;
    beforeEach(async () => {
      node = await TestNode.boot(cluster, name, testProfile());
      node.registerNode = false;
    });
    afterEach(async () => {
      await node[Symbol.asyncDispose]();
    });

    it('publishes its parents, which went with the Node, for the new Node of that name, and removes nothing', async () => {
      const first = await makeNode();
      await node.start();
      await node.create({ name, parent: gvt, type: 'i915-GVTg_V5_8' });
      const before = await node.ready(name, 'Ready');
      const reports = ({ status }: MdevParent): boolean => status?.devices?.[0]?.uuid === before.status?.uuid;
      expect(ownerOf(await node.parent(gvt, reports))).toBe(first);

      await deleteNode();
      const key = parentObjectName(name, gvt);
      await waitFor(
        cluster.client,
        parentResource,
        key,
        (object) => object,
        (object) => object === undefined,
        patience,
      );
      const second = await makeNode();
      const published = await node.parent(gvt, reports);
      expect(ownerOf(published)).toBe(second);
      expect(published.status?.devices?.[0]).toMatchObject({ owner: { name } });
      expect(published.status?.devices?.[0]).not.toHaveProperty('orphaned');
      expect((await node.ready(name, 'Ready')).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
      expect(uuidsOf(node.host)).toContain(before.status?.uuid);
    });

    it.each([{ unschedulable: true }, { allowedTypes: ['i915-GVTg_V5_8'] }])(
      'keeps a parent with %j of an administrator, which belongs to the Node again when that is taken back',
      async (settings) => {
        await makeNode();
        await node.start();
        const { metadata } = await node.parent(gvt, (object) => ownerOf(object) !== undefined);
        const set = (spec: object): Promise<unknown> =>
          cluster.client.apply(
            parentResource,
            { name: metadata.name },
            { spec },
            { fieldManager: 'admin', force: true },
            AbortSignal.timeout(patience),
          );
        await set(settings);
        await node.parent(gvt, (object) => ownerOf(object) === undefined);

        const { metadata: other } = await node.parent(matrix, (object) => ownerOf(object) !== undefined);
        await deleteNode();
        const second = await makeNode();
        // The collector has been here: it took the parent that nobody has set anything on.
        await node.parent(matrix, ({ metadata: { uid } }) => uid !== other.uid);
        const kept = await node.parent(gvt, ({ metadata: { uid } }) => uid === metadata.uid);
        expect(kept.spec).toMatchObject(settings);

        await set({});
        const back = await node.parent(gvt, (object) => ownerOf(object) === second);
        expect(back.metadata.uid).toBe(metadata.uid);
      },
    );
  });

  describe('its Lease', () => {
    let clock: ManualClock;
    let stop: AbortController;
    let keeping: Promise<void>;
    /** How often it has been renewed, and after how many renewals the clock was turned. */
    let renewals: number;
    let beats: number;
    beforeEach(() => {
      clock = new ManualClock();
      renewals = 0;
      beats = 0;
      stop = new AbortController();
    });
    afterEach(async () => {
      stop.abort(new Error('test over'));
      await keeping;
    });

    function keep(uid: string): void {
      const { client } = cluster;
      const apply: KubeClient['apply'] = async (...args) => {
        try {
          return await client.apply(...args);
        } finally {
          renewals += 1;
        }
      };
      keeping = keepNodeLease(
        {
          client: { ...countingClient(client).client, apply },
          clock,
          log: testLogger(),
          nodeName: name,
          identity: `${name}_agent`,
          durationSeconds: 40,
          node: { name, uid },
          findNode: (signal) => findNode(client, name, false, signal),
        },
        stop.signal,
      );
    }

    function lease(predicate: (lease: KubeObject | undefined) => boolean): Promise<KubeObject | undefined> {
      const key = `kube-node-lease/mdev-${name}`;
      return waitFor(cluster.client, leaseResource, key, (object) => object as KubeObject, predicate, patience);
    }

    /** Waits until a renewal is answered, for one that is not would be late by the clock, and begins the next. */
    async function beat(): Promise<void> {
      beats += 1;
      await turnUntil(() => renewals >= beats);
      await clock.advance(12_000);
    }

    it('goes with it, is made anew without owner, and belongs to the next Node of that name', async () => {
      const first = await makeNode();
      keep(first);
      const made = await lease((object) => object !== undefined);
      expect(ownerOf(made)).toBe(first);
      expect(made?.metadata.labels).toEqual({ [agentLeaseLabel.name]: agentLeaseLabel.value });
      await deleteNode();
      await lease((object) => object === undefined);
      // The next one names the old Node, and goes, too, perhaps before anybody has seen it; those after it know better.
      const isAnew = new AbortController();
      const anew = lease((object) => object !== undefined && ownerOf(object) === undefined).finally(() => isAnew.abort());
      while (!isAnew.signal.aborted) await beat();
      await anew;
      const second = await makeNode();
      const given = lease((object) => ownerOf(object) === second);
      await beat();
      await beat();
      await given;
    });

    it('gets its label when an agent that knew none had made it', async () => {
      const old = { spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' } };
      const options = { fieldManager: 'mdev-agent', force: true };
      await cluster.client.apply(leaseResource, agentLeaseKey(name), old, options, AbortSignal.timeout(patience));
      keep(await makeNode());
      await lease((object) => object?.metadata.labels?.[agentLeaseLabel.name] === agentLeaseLabel.value);
    });
  });
});
