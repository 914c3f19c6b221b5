import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Subject } from '../fixture.ts';
import { contractTest, make, on, patient, refusal, until, watching } from '../support.ts';

/** Longer than a provider waits before it connects again. */
const longEnough = 3_000;

export function connectionContract(subject: Subject): void {
  const [first] = subject.parents;
  if (first === undefined) throw new Error('The contract needs a parent');

  describe('a connection that breaks', () => {
    contractTest(
      on(subject, first),
      ['reconnect', 'faults'],
      'fails the calls in flight with EIO at connect, and the next ones find the kernel again',
      async (fixture) => {
        const { provider } = fixture;
        await fixture.strike(first.name, 'create', 'hang');
        const id = randomUUID();
        const creation = refusal(provider.create({ id, parent: first.name, typeID: first.typeID }, patient));
        await until(
          () => provider.getDevice(id, patient),
          (device) => device?.state === 'creating',
        );
        await fixture.breakConnection();
        expect(await creation).toEqual({ code: 'EIO', step: 'connect' });
        expect(await provider.getDevice(id, patient)).toMatchObject({ state: 'creating' });
      },
    );

    contractTest(subject, ['reconnect'], 'is made again by the watch, which says sync and no boot', async (fixture) => {
      const { provider } = fixture;
      await using watcher = await watching(provider);
      await fixture.breakConnection();
      const next = watcher.next();
      await fixture.pass(longEnough);
      expect(await next).toEqual({ kind: 'sync' });
      await watcher.device(await make(provider, first));
    });

    contractTest(subject, ['reboot'], 'to another kernel is told as boot and sync; its devices are gone', async (fixture) => {
      const { provider } = fixture;
      const { bootID } = await provider.info(patient);
      await make(provider, first);
      await using watcher = await watching(provider);
      await fixture.reboot();
      const next = watcher.next();
      await fixture.pass(longEnough);
      const boot = await next;
      const { bootID: after } = await provider.info(patient);
      expect(after).not.toBe(bootID);
      expect(boot).toEqual({ kind: 'boot', bootID: after });
      expect(await watcher.next()).toEqual({ kind: 'sync' });
      expect(await provider.listDevices(patient)).toEqual([]);
    });
  });
}
