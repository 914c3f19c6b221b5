import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Subject } from '../fixture.ts';
import { contractTest, make, patient, watching } from '../support.ts';

export function watchContract(subject: Subject): void {
  const [first] = subject.parents;
  if (first === undefined) throw new Error('The contract needs a parent');

  describe('watching', () => {
    contractTest(subject, [], 'begins with sync, and tells of what this provider makes and removes', async ({ provider }) => {
      await using watcher = await watching(provider);
      const id = await make(provider, first);
      await watcher.device(id);
      await provider.remove(id, patient);
      await watcher.device(id);
    });

    contractTest(subject, [], 'tells of the parent whose counts a device changes', async ({ provider }) => {
      await using watcher = await watching(provider);
      const id = await make(provider, first);
      await watcher.parent(first.name);
      await watcher.device(await make(provider, first));
      await provider.remove(id, patient);
      await watcher.parent(first.name);
    });

    contractTest(subject, [], 'tells of what others make and remove', async (fixture) => {
      await using watcher = await watching(fixture.provider);
      const id = randomUUID();
      await fixture.makeForeign(first.name, first.typeID, id);
      await watcher.device(id);
      await fixture.removeByHand(id);
      await watcher.device(id);
    });

    contractTest(subject, [], 'tells again after a device has become live', async (fixture) => {
      const { provider } = fixture;
      await using watcher = await watching(provider);
      const id = randomUUID();
      await fixture.makeForeign(first.name, first.typeID, id);
      // A watcher that only ever looks when it is told to must come to see it live.
      do await watcher.device(id);
      while ((await provider.getDevice(id, patient))?.state !== 'live');
    });

    contractTest(subject, ['unload'], 'tells of parents that go and come', async (fixture) => {
      await using watcher = await watching(fixture.provider);
      await fixture.unloadParent(first.name);
      await watcher.parent(first.name);
      await fixture.loadParent(first.name);
      await watcher.parent(first.name);
    });

    contractTest(subject, [], 'tells many watchers alike, and those that come later', async ({ provider }) => {
      await using one = await watching(provider);
      const id = await make(provider, first);
      await using two = await watching(provider);
      await provider.remove(id, patient);
      await one.device(id);
      await two.device(id);
    });

    contractTest(subject, [], 'merges what a slow watcher has not taken, and loses nothing', async ({ provider }) => {
      await using watcher = await watching(provider);
      for (let round = 0; round < 50; round++) await provider.remove(await make(provider, first), patient);
      const last = await make(provider, first);
      await watcher.find((event) => event.kind === 'sync' || (event.kind === 'device' && event.id === last));
    });

    contractTest(subject, [], 'ends when the signal aborts, without an error', async ({ provider }) => {
      const abort = new AbortController();
      const events = provider.watch(abort.signal)[Symbol.asyncIterator]();
      expect(await events.next()).toEqual({ done: false, value: { kind: 'sync' } });
      const next = (async () => {
        for (;;) if ((await events.next()).done === true) return 'ended';
      })();
      abort.abort();
      expect(await next).toBe('ended');
    });

    contractTest(subject, [], 'ends when the provider is closed', async ({ provider }) => {
      const events = provider.watch(patient)[Symbol.asyncIterator]();
      await events.next();
      const next = (async () => {
        for (;;) if ((await events.next()).done === true) return 'ended';
      })();
      await provider.close();
      expect(await next).toBe('ended');
    });
  });
}
