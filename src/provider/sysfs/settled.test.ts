import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Clock } from '../../lib/clock.ts';
import { Settled } from './settled.ts';
import { Tree } from './testing/tree.ts';

const id = '5f1a2b3c-0000-4000-8000-000000000001';
const patient = new AbortController().signal;

let tree: Tree;
/** How long each wait was, ms; it is over at once, or when `during` is. */
let waits: number[];
let during: () => void;
const clock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  setTimeout(callback, delay) {
    waits.push(delay);
    during();
    queueMicrotask(callback);
    return () => undefined;
  },
};

beforeEach(() => {
  tree = new Tree();
  tree.parent();
  waits = [];
  during = () => undefined;
});
afterEach(() => tree[Symbol.dispose]());

/** Others remove the device and make one of its UUID. The first one's folder is kept elsewhere: other file systems than sysfs give its number to the next. */
function makeAgain(state: 'live' | 'creating' = 'live'): void {
  renameSync(folder(), join(tree.root, `gone-${waits.length}`));
  renameSync(join(tree.root, 'sys/bus/mdev/devices', id), join(tree.root, `gone-link-${waits.length}`));
  tree.device(id, state);
}

const folder = (): string => join(tree.root, 'sys/class/mdev_bus/0000:86:00.0', id);

it('a device whose creation was seen is not waited for, one of others is, once', async () => {
  tree.device(id, 'live');
  const settled = new Settled(clock);
  settled.add(id, { parent: '0000:86:00.0', typeID: 'nvidia-11', inode: statSync(folder()).ino });
  await settled.wait(id, '0000:86:00.0', folder(), patient);
  expect(waits).toEqual([]);
  const later = new Settled(clock);
  await later.wait(id, '0000:86:00.0', folder(), patient);
  await later.wait(id, '0000:86:00.0', folder(), patient);
  expect(waits).toEqual([200]);
});

it('one that others removed and made again under its UUID is waited for, also where that happens meanwhile', async () => {
  tree.device(id, 'live');
  const settled = new Settled(clock);
  settled.add(id, { parent: '0000:86:00.0', typeID: 'nvidia-11', inode: statSync(folder()).ino });
  makeAgain();
  during = () => {
    during = () => undefined;
    makeAgain();
  };
  await settled.wait(id, '0000:86:00.0', folder(), patient);
  expect(waits).toEqual([200, 200]);
});

it('one that does not show its type yet is EAGAIN, and one that went needs no waiting', async () => {
  tree.device(id, 'live');
  const settled = new Settled(clock);
  settled.add(id, { parent: '0000:86:00.0', typeID: 'nvidia-11', inode: statSync(folder()).ino });
  makeAgain('creating');
  await expect(settled.wait(id, '0000:86:00.0', folder(), patient)).rejects.toMatchObject({ code: 'EAGAIN', step: 'remove' });
  renameSync(folder(), join(tree.root, 'gone'));
  await settled.wait(id, '0000:86:00.0', folder(), patient);
  expect(waits).toEqual([]);
});

it('forgets devices that are gone', async () => {
  tree.device(id, 'live');
  const settled = new Settled(clock);
  settled.add(id, { parent: '0000:86:00.0', typeID: 'nvidia-11', inode: statSync(folder()).ino });
  settled.keepOnly(new Set([id]));
  await settled.wait(id, '0000:86:00.0', folder(), patient);
  expect(waits).toEqual([]);
  settled.keepOnly(new Set());
  await settled.wait(id, '0000:86:00.0', folder(), patient);
  expect(waits).toEqual([200]);
});
