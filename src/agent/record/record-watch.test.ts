import { chmod, mkdtemp, rm, writeFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/manual-clock.ts';
import { turnUntil } from '../../../test/support/turns.ts';
import { RecordStore } from './record-store.ts';
import { RecordWatch } from './record-watch.ts';

describe('watching the folder of the ownership records', () => {
  let folder: string;
  let directory: string;
  let clock: ManualClock;
  let stop: AbortController;
  let running: Promise<void>;
  let told: (string | undefined)[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'record-watch-'));
    directory = join(folder, 'records');
    clock = new ManualClock();
    stop = new AbortController();
    told = [];
    const watch = new RecordWatch((error) => void told.push(error?.message));
    const records = new RecordStore(directory, (error) => watch.wrote(error));
    await records.load();
    running = watch.run(records, clock, stop.signal);
    await turnUntil(() => clock.pending > 0);
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await chmod(folder, 0o700);
    await rm(folder, { recursive: true });
  });

  it('leaves nothing behind and tells nothing while all is well', async () => {
    await clock.advance(60_000);
    await turnUntil(() => clock.pending > 0);
    expect([told, await readdir(directory)]).toEqual([[], ['unreadable']]);
  });

  it('finds out without any device that nothing can be written, and that it can again', async () => {
    await rm(directory, { recursive: true });
    await writeFile(directory, '');
    await clock.advance(60_000);
    await turnUntil(() => told.length > 0);
    expect(told).toEqual([expect.stringMatching(/^Cannot write into .*ENOTDIR/)]);
    await rm(directory);
    await new RecordStore(directory).load();
    await turnUntil(() => clock.pending > 0);
    await clock.advance(5_000);
    await turnUntil(() => told.length > 1);
    expect(told.slice(1)).toEqual([undefined]);
  });
});
