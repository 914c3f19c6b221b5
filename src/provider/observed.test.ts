import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testProfile } from '../../test/agent/profiles.ts';
import { testLogger } from '../../test/agent/test-logger.ts';
import { bootHost, type EmulatedHost } from '../emulator/host.ts';
import { systemClock } from '../lib/clock.ts';
import type { MdevProvider } from './contract.ts';
import { EmulatedProvider } from './emulated/provider.ts';
import { errnoLabel, observedProvider } from './observed.ts';

const signal = AbortSignal.timeout(10_000);

describe('a provider that is observed', () => {
  let host: EmulatedHost;
  let provider: MdevProvider;
  let told: string[];

  beforeEach(async () => {
    host = await bootHost(testProfile(), { clock: systemClock, report: () => undefined });
    told = [];
    let now = 0;
    provider = observedProvider(
      new EmulatedProvider({ host, clock: systemClock, log: testLogger() }),
      { called: (operation, error, seconds) => told.push(`${operation} ${errnoLabel(error)} ${seconds}`) },
      () => (now += 250),
    );
  });
  afterEach(async () => {
    await provider.close();
    await host[Symbol.asyncDispose]();
  });

  it('answers as the one below, and tells of each call with its errno and time', async () => {
    const { bootID } = await provider.info(signal);
    const id = '12345678-1234-1234-1234-123456789abc';
    const device = await provider.create({ id, parent: 'mtty', typeID: 'mtty-1', bootID }, signal);
    expect(device).toMatchObject({ id, parent: 'mtty' });
    await expect(provider.create({ id, parent: 'mtty', typeID: 'mtty-1', bootID }, signal)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(provider.getParent('nobody', signal)).rejects.toMatchObject({ code: 'ENODEV' });
    await provider.remove(id, signal);
    expect(told).toEqual(['info OK 0.25', 'create OK 0.25', 'create EEXIST 0.25', 'getParent ENODEV 0.25', 'remove OK 0.25']);
  });

  it('does not tell of a call that its caller has given up: that says nothing of the kernel', async () => {
    await expect(provider.listParents(AbortSignal.abort(new Error('given up')))).rejects.toThrow('given up');
    expect(told).toEqual([]);
  });
});
