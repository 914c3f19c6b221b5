import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mdevDeviceSchema } from '../api/mdev-device.ts';
import type { Log } from '../kube/log.ts';
import { ManualClock } from '../lib/manual-clock.ts';
import { ProviderError, type DeviceUse, type Pinned } from '../provider/contract.ts';
import { record } from './decide/fixtures.ts';
import { createDeviceStore, type DeviceStore } from './device-store.ts';
import { RecordStore } from './record/record-store.ts';
import { sweep } from './sweep.ts';

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const other = 'abcdef00-0000-4000-8000-000000000001';

function publish(devices: DeviceStore, name: string, inUse: 'True' | 'False', version: string, pinned?: Pinned): void {
  devices.upsert(
    mdevDeviceSchema.parse({
      apiVersion: 'mediated.dev/v1alpha1',
      kind: 'MdevDevice',
      metadata: { namespace: 'default', name, resourceVersion: version },
      spec: { type: { id: 'nvidia-11' } },
      status: {
        ...(pinned !== undefined && { pinned }),
        conditions: [{ type: 'InUse', status: inUse, reason: 'InUse', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }],
      },
    }),
  );
}

describe('sweep', () => {
  let directory: string;
  let records: RecordStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sweep-'));
    records = new RecordStore(directory);
    await records.load();
    await records.put(record({ object: { uid: 'a', namespace: 'default', name: 'one' } }), false);
    await records.put(record({ uuid: other, object: { uid: 'b', namespace: 'default', name: 'two' } }), false);
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('reads the parents, and finds devices that were opened or closed, or pin much more, though once they cannot be asked', async () => {
    const clock = new ManualClock();
    const devices = createDeviceStore('00000000-0000-4000-8000-000000000000');
    publish(devices, 'one', 'False', '1');
    publish(devices, 'two', 'False', '2');
    const opened = new Map<string, Pinned>();
    let answers = true;
    const listUses = async (): Promise<readonly DeviceUse[]> => {
      if (!answers) throw new ProviderError('EACCES', 'users', 'may not look');
      return [...opened].map(([id, pinned]) => ({ id, inUse: true, known: [], pinned }));
    };
    const changed: string[] = [];
    const stop = new AbortController();
    const onChange = (key: string): void => void changed.push(key);
    const refreshed: string[] = [];
    const state = { parentNames: () => ['mtty'], refresh: (parent: string) => void refreshed.push(parent) };
    const running = sweep({ interval: 20_000, state, provider: { listUses }, records, devices, clock, log: silent, onChange }, stop.signal);
    const oneSweep = async (): Promise<string[]> => {
      changed.length = 0;
      await clock.advance(20_000);
      for (let turn = 0; turn < 5; turn += 1) await clock.advance(0);
      return [...changed];
    };
    expect(await oneSweep()).toEqual([]);
    opened.set(other, { pages: 1, lockedBytes: 4096 });
    expect(await oneSweep()).toEqual(['default/two']);
    answers = false;
    expect(await oneSweep()).toEqual([]);
    answers = true;
    publish(devices, 'two', 'True', '3', { pages: 1, lockedBytes: 4096 });
    expect(await oneSweep()).toEqual([]);
    opened.set(other, { pages: 3, lockedBytes: 12288 });
    expect(await oneSweep()).toEqual(['default/two']);
    opened.clear();
    expect(await oneSweep()).toEqual(['default/two']);
    expect(refreshed).toEqual(Array.from({ length: 6 }, () => 'mtty'));
    stop.abort();
    await running;
  });
});
