/** Random sequences of writes by several managers to both servers: objects, managers and conflicts must stay the same. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type EmbeddedServer, startEmbedded } from '../manifests/embedded.ts';
import { makeNamespace } from '../manifests/send.ts';
import { device } from '../requests/scenario.ts';
import { Session } from '../requests/session.ts';
import { RawClient } from './raw-client.ts';

interface Write {
  readonly manager: string;
  readonly type: 'apply' | 'merge' | 'json' | 'replace';
  readonly force: boolean;
  readonly subresource: '' | '/status';
  readonly labels: Record<string, string>;
  readonly spec: Record<string, unknown>;
  readonly status: Record<string, unknown>;
}

const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 1 });
const condition = fc.record({
  type: fc.constantFrom('Created', 'Online', 'Ready'),
  status: fc.constantFrom('True', 'False'),
  reason: fc.constant('R'),
  message: fc.constantFrom('', 'm'),
  lastTransitionTime: fc.constant('2026-01-01T00:00:00Z'),
});
const write: fc.Arbitrary<Write> = fc.record({
  manager: fc.constantFrom('one', 'two', 'three'),
  type: fc.constantFrom('apply', 'apply', 'apply', 'merge', 'json', 'replace'),
  force: fc.boolean(),
  subresource: fc.constantFrom('', '/status'),
  // Never empty: the real server takes {} for a change each time.
  labels: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'), { minKeys: 1, maxKeys: 2 }),
  spec: fc.record({
    type: fc.constant({ id: 'mtty-1' }),
    online: some(fc.boolean()),
    reclaimPolicy: some(fc.constantFrom('Delete', 'Retain')),
  }),
  status: fc.record({
    uuid: some(fc.constantFrom('12345678-1234-1234-1234-123456789abc', '22345678-1234-1234-1234-123456789abc')),
    conditions: some(fc.uniqueArray(condition, { selector: ({ type }) => type, maxLength: 3 })),
    users: some(fc.array(fc.record({ pid: fc.constantFrom(1, 2), comm: fc.constant('x') }), { maxLength: 2 })),
    pinned: some(fc.record({ pages: fc.constantFrom(1, 2), lockedBytes: fc.constant(4096) })),
  }),
});

const mediaTypes = { apply: 'application/apply-patch+yaml', merge: 'application/merge-patch+json', json: 'application/json-patch+json' };

async function play(client: RawClient, writes: readonly Write[]): Promise<unknown> {
  const session = new Session(client, 'writes');
  const item = `${session.devices}/a`;
  await using traces = new AsyncDisposableStack();
  // What a play leaves that breaks off is in the way of all later ones.
  traces.defer(() => session.clear(item));
  await session.prepare({ method: 'POST', path: `${session.devices}?fieldManager=maker`, body: device('a') });
  for (const [index, { manager, type, force, subresource, labels, spec, status }] of writes.entries()) {
    const query = `?fieldManager=${manager}${type === 'apply' ? `&force=${String(force)}` : ''}`;
    const path = `${item}${subresource}${query}`;
    const body = { ...device('a', spec, { labels }), ...(subresource && { status }) };
    const label = String(index);
    if (type === 'replace') {
      const { metadata } = (await session.prepare({ path: item })) as { metadata: { resourceVersion: string } };
      const replacement = { ...body, metadata: { name: 'a', labels, resourceVersion: metadata.resourceVersion } };
      await session.send(label, { method: 'PUT', path, body: replacement });
    } else if (type === 'json') {
      const patch = subresource
        ? [{ op: 'add', path: '/status', value: status }]
        : [{ op: 'add', path: '/metadata/labels', value: labels }];
      await session.send(label, { method: 'PATCH', path, type: mediaTypes.json, body: patch });
    } else await session.send(label, { method: 'PATCH', path, type: mediaTypes[type], body });
  }
  return session.notes;
}

let embedded: EmbeddedServer;
let ours: RawClient;
let real: RawClient;

beforeAll(async () => {
  embedded = await startEmbedded();
  ours = await RawClient.fromKubeconfig(embedded.kubeconfig);
  real = await RawClient.fromKubeconfig(inject('realKubeconfig'));
  await makeNamespace(ours, 'writes');
  await makeNamespace(real, 'writes');
});
afterAll(async () => {
  ours.close();
  real.close();
  await embedded.stop();
});

it('objects, their managers and conflicts are the same on both servers after any writes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 8 }), async (writes) => {
      const [expected, got] = [await play(real, writes), await play(ours, writes)];
      if (isDeepStrictEqual(got, expected)) return;
      // A second that passed in between may have changed the order of managers, which counts as a write: once more.
      const again = await play(real, writes);
      expect(await play(ours, writes)).toEqual(again);
    }),
    { numRuns: 200 },
  );
});
