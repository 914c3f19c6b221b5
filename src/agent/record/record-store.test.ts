import { mkdtemp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { record, uuid } from '../decide/fixtures.ts';
import { RecordError, RecordStore } from './record-store.ts';

describe('RecordStore', () => {
  let directory: string;
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'records-')), 'devices');
  });
  afterEach(async () => {
    await rm(join(directory, '..'), { recursive: true });
  });

  async function open(): Promise<RecordStore> {
    const store = new RecordStore(directory);
    await store.load();
    return store;
  }

  it('finds again what it was given, in files that only their owner reads', async () => {
    const store = await open();
    const written = record({ step: 'attributes', params: 'x=1', group: 'vm', deletionSeen: true });
    await store.put(written, true);
    expect((await open()).all()).toEqual([written]);
    expect((await stat(join(directory, `${uuid}.json`))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await readdir(directory)).sort()).toEqual([`${uuid}.json`, 'unreadable']);
  });

  it('finds records by their owner, also after the owner has changed', async () => {
    const store = await open();
    await store.put(record(), false);
    expect(store.ofOwner('default', 'vgpu')).toHaveLength(1);
    await store.put(record({ object: { uid: 'uid-2', namespace: 'other', name: 'vgpu' } }), false);
    expect(store.ofOwner('default', 'vgpu')).toEqual([]);
    expect(store.ofOwner('other', 'vgpu').map(({ object }) => object.uid)).toEqual(['uid-2']);
    await store.remove(uuid);
    expect(store.ofOwner('other', 'vgpu')).toEqual([]);
    expect((await open()).all()).toEqual([]);
  });

  it.each([
    ['torn', '{"version":1,"uuid":"1234'],
    ['empty', ''],
    ['of another version', JSON.stringify({ ...record(), version: 2 })],
    ['about another device', JSON.stringify(record({ uuid: 'abcdef00-0000-4000-8000-000000000001' }))],
    ['in an unknown step', JSON.stringify({ ...record(), step: 'done' })],
  ])('sets an entry aside that is %s, tells of it at every start, and keeps its text', async (_what, text) => {
    await open();
    await writeFile(join(directory, `${uuid}.json`), text);
    const store = new RecordStore(directory);
    expect((await store.load()).map((entry) => [entry.uuid, entry.cause instanceof Error])).toEqual([[uuid, true]]);
    expect(store.get(uuid)).toBeUndefined();
    const again = new RecordStore(directory);
    const [entry] = await again.load();
    expect(entry?.uuid).toBe(uuid);
    expect(await readFile(entry?.path ?? '', 'utf8')).toBe(text);
    await again.discardUnreadable(uuid);
    expect(again.unreadable(uuid)).toBeUndefined();
    expect(await new RecordStore(directory).load()).toEqual([]);
  });

  it('keeps the older record when the new one cannot be written, and says which', async () => {
    const store = await open();
    await store.put(record(), true);
    await rm(join(directory, `${uuid}.json`));
    await mkdir(join(directory, `${uuid}.json`, 'full'), { recursive: true });
    await expect(store.put(record({ step: 'removing' }), true)).rejects.toThrow(RecordError);
    await expect(store.put(record({ step: 'removing' }), true)).rejects.toThrow(`ownership record of ${uuid}`);
    expect(store.get(uuid)?.step).toBe('ready');
    expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('holds at once what is to be written soon, and has written it before anything else of the device', async () => {
    const store = await open();
    await store.put(record({ step: 'creating' }), true);
    store.putSoon(record({ step: 'attributes' }));
    store.putSoon(record({ step: 'ready' }));
    expect(store.get(uuid)?.step).toBe('ready');
    await store.written();
    expect((await open()).get(uuid)?.step).toBe('ready');
    store.putSoon(record({ step: 'ready', params: 'late' }));
    await store.put(record({ step: 'removing' }), true);
    await store.written();
    expect((await open()).get(uuid)?.step).toBe('removing');
    store.putSoon(record({ step: 'ready' }));
    await store.remove(uuid);
    await store.written();
    expect((await open()).all()).toEqual([]);
  });

  it('tells of what could not be written soon, and leaves the older record to the next agent', async () => {
    const told: (RecordError | undefined)[] = [];
    const store = new RecordStore(directory, (error) => told.push(error));
    await store.load();
    await store.put(record({ step: 'creating' }), true);
    await mkdir(join(directory, `${uuid}.json.tmp`));
    store.putSoon(record({ step: 'ready' }));
    await store.written();
    expect(told.map((error) => error?.message)).toEqual([undefined, expect.stringContaining(`ownership record of ${uuid}`)]);
    expect((await open()).get(uuid)?.step).toBe('creating');
  });

  it('leaves files alone that are no records, and clears away what a killed agent was writing', async () => {
    await open();
    await writeFile(join(directory, 'notes.txt'), 'mine');
    await writeFile(join(directory, `${uuid}.json.tmp`), '{"ver');
    const store = await open();
    expect(store.all()).toEqual([]);
    expect((await readdir(directory)).sort()).toEqual(['notes.txt', 'unreadable']);
  });
});
