import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Subject } from '../fixture.ts';
import { contractTest, make, on, patient, refusal, until } from '../support.ts';

/** Longer than any provider's own deadline. */
const longEnough = 60_000;

// A provider that needs time before its first write has written before, where a test must know that the next one has begun.

export function slowKernelContract(subject: Subject): void {
  describe('a kernel that does not answer', () => {
    for (const known of subject.parents) {
      const others = subject.parents.filter(({ name }) => name !== known.name);

      contractTest(
        on(subject, known),
        ['faults'],
        `${known.name} hangs without delaying the others, nor looking at itself`,
        async (fixture) => {
          const { provider } = fixture;
          const present = await make(provider, known);
          await fixture.strike(known.name, 'create', 'hang');
          const id = randomUUID();
          const creation = provider.create({ id, parent: known.name, typeID: known.typeID }, patient);
          await until(
            () => provider.getDevice(id, patient),
            (device) => device?.state === 'creating',
          );
          for (const other of others) await provider.remove(await make(provider, other), patient);
          expect(await provider.getParent(known.name, patient)).toMatchObject({ name: known.name });
          await provider.remove(present, patient);
          await fixture.heal();
          expect(await creation).toMatchObject({ id, state: 'live' });
        },
      );

      contractTest(
        on(subject, known),
        ['faults', 'deadline'],
        `a creation on ${known.name} is given up with ETIMEDOUT, and the kernel goes on with it`,
        async (fixture) => {
          const { provider } = fixture;
          await make(provider, known);
          await fixture.strike(known.name, 'create', 'hang');
          const id = randomUUID();
          const creation = refusal(provider.create({ id, parent: known.name, typeID: known.typeID }, patient));
          await until(
            () => provider.getDevice(id, patient),
            (device) => device?.state === 'creating',
          );
          await fixture.pass(longEnough);
          expect(await creation).toEqual({ code: 'ETIMEDOUT', step: 'create' });
          expect(await provider.getDevice(id, patient)).toMatchObject({ state: 'creating' });
          await fixture.heal();
          await until(
            () => provider.getDevice(id, patient),
            (device) => device?.state === 'live',
          );
        },
      );

      contractTest(
        on(subject, known),
        ['faults', 'deadline'],
        `a removal on ${known.name} is given up with ETIMEDOUT, and the kernel goes on with it`,
        async (fixture) => {
          const { provider } = fixture;
          const id = await make(provider, known);
          await fixture.strike(known.name, 'remove', 'hang');
          const removal = refusal(provider.remove(id, patient));
          await until(
            () => provider.getDevice(id, patient),
            (device) => device?.state === 'removing',
          );
          await fixture.pass(longEnough);
          expect(await removal).toEqual({ code: 'ETIMEDOUT', step: 'remove' });
          expect(await provider.getDevice(id, patient)).toMatchObject({ state: 'removing' });
          await fixture.heal();
          await until(
            () => provider.getDevice(id, patient),
            (device) => device === undefined,
          );
        },
      );

      const { writable } = known.attributes ?? {};
      if (writable !== undefined)
        contractTest(
          on(subject, known),
          ['faults', 'deadline'],
          `a write to ${writable.name} of ${known.name} is given up with ETIMEDOUT, and so is a removal that waits for it`,
          async (fixture) => {
            const { provider } = fixture;
            const id = await make(provider, known);
            await fixture.strike(known.name, 'attribute', 'hang');
            const write = refusal(provider.setAttribute(id, writable.name, writable.value, patient));
            await fixture.hung(id, 'attribute');
            const removal = refusal(provider.remove(id, patient));
            await until(
              () => provider.getDevice(id, patient),
              (device) => device?.state === 'removing',
            );
            await fixture.pass(longEnough);
            expect(await write).toEqual({ code: 'ETIMEDOUT', step: 'attribute' });
            expect(await removal).toEqual({ code: 'ETIMEDOUT', step: 'remove' });
            await fixture.heal();
            await until(
              () => provider.getDevice(id, patient),
              (device) => device === undefined,
            );
          },
        );

      if (known.features.includes('Online'))
        contractTest(
          on(subject, known),
          ['faults', 'deadline'],
          `switching a device of ${known.name} is given up with ETIMEDOUT, and the kernel goes on with it`,
          async (fixture) => {
            const { provider } = fixture;
            const id = await make(provider, known);
            await fixture.strike(known.name, 'online', 'hang');
            const switching = refusal(provider.setOnline(id, true, patient));
            await fixture.hung(id, 'online');
            await fixture.pass(longEnough);
            expect(await switching).toEqual({ code: 'ETIMEDOUT', step: 'online' });
            await fixture.heal();
            await until(
              () => provider.getDevice(id, patient),
              (device) => device?.online === true,
            );
          },
        );

      contractTest(
        on(subject, known),
        ['faults'],
        `whoever stops waiting for ${known.name} gets his reason back, and the kernel goes on`,
        async (fixture) => {
          const { provider } = fixture;
          await make(provider, known);
          await fixture.strike(known.name, 'create', 'hang');
          const id = randomUUID();
          const abort = new AbortController();
          const reason = new Error('not wanted any more');
          const creation = expect(provider.create({ id, parent: known.name, typeID: known.typeID }, abort.signal)).rejects.toBe(reason);
          await until(
            () => provider.getDevice(id, patient),
            (device) => device?.state === 'creating',
          );
          abort.abort(reason);
          await creation;
          await fixture.heal();
          await until(
            () => provider.getDevice(id, patient),
            (device) => device?.state === 'live',
          );
        },
      );
    }
  });
}
