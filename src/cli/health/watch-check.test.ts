import { beforeEach, describe, expect, it } from 'vitest';
import { toApiError } from '../../kube/api-error.ts';
import type { WatchHealth } from '../../kube/telemetry.ts';
import { ManualClock } from '../../lib/manual-clock.ts';
import { WatchCheck } from './watch-check.ts';

describe('whether the watches of a process go on', () => {
  let clock: ManualClock;
  let watches: WatchCheck;
  let health: WatchHealth;

  beforeEach(() => {
    clock = new ManualClock();
    watches = new WatchCheck(clock);
    health = { resource: 'mdevdevices', synced: true, lastContact: clock.monotonic(), failure: undefined };
    watches.begin(() => health);
  });

  it('says what keeps one from its first list, and what to do', () => {
    health = { ...health, synced: false, lastContact: undefined };
    expect(watches.reason()).toBe('mdevdevices are not read yet');
    health = { ...health, failure: toApiError('list mdevdevices', 404, '404 page not found') };
    expect(watches.reason()).toMatch(/^mdevdevices are not read yet: Cannot list mdevdevices: 404 page not found\. .*install the CRDs/);
  });

  it('says so when one has failed and has not been taken up again', () => {
    health = { ...health, failure: new Error('Cannot watch mdevdevices: cut\n    at stack') };
    expect(watches.reason()).toBe('mdevdevices are not followed: Cannot watch mdevdevices: cut');
  });

  it('takes one for stale after two bookmarks that did not come, not before', async () => {
    await clock.advance(149_000);
    expect(watches.reason()).toBeUndefined();
    await clock.advance(2_000);
    expect(watches.reason()).toBe('the watch of mdevdevices is stale: nothing was heard of it for 151 s');
    expect(watches.samples()).toEqual([{ resource: 'mdevdevices', synced: true, age: 151 }]);
    health = { ...health, lastContact: clock.monotonic() };
    expect(watches.reason()).toBeUndefined();
  });

  it('forgets one that has ended', () => {
    const end = watches.begin(() => ({ resource: 'leases', synced: false, lastContact: undefined, failure: undefined }));
    expect(watches.reason()).toBe('leases are not read yet');
    end();
    expect(watches.reason()).toBeUndefined();
  });
});
