import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { systemClock } from '../../src/lib/clock.ts';
import type { MdevProvider } from '../../src/provider/contract.ts';
import { SysfsProvider } from '../../src/provider/sysfs/provider.ts';

const parent = 'mtty';
const typeID = 'mtty-1';

/** A way to make devices of `mtty-1`, and to remove them. */
export interface Contender {
  readonly create: (ids: readonly string[]) => Promise<void>;
  readonly remove: (ids: readonly string[]) => Promise<void>;
}

/** What no program can be faster than: the bare writes, one after the other, in this process, which waits in the kernel meanwhile. */
export const bareLoop: Contender = {
  async create(ids) {
    for (const id of ids) write(`/sys/class/mdev_bus/${parent}/mdev_supported_types/${typeID}/create`, id);
  },
  async remove(ids) {
    for (const id of ids) write(`/sys/bus/mdev/devices/${id}/remove`, '1');
  },
};

function write(path: string, value: string): void {
  const file = openSync(path, constants.O_WRONLY);
  writeSync(file, value);
  closeSync(file);
}

/** What a shell script does: mdevctl for each, one after the other. */
export const mdevctl: Contender = {
  async create(ids) {
    await shell(`for id; do mdevctl start --uuid "$id" --parent ${parent} --type ${typeID} || exit; done`, ids);
  },
  async remove(ids) {
    await shell('for id; do mdevctl stop --uuid "$id" || exit; done', ids);
  },
};

async function shell(script: string, ids: readonly string[]): Promise<void> {
  await promisify(execFile)('sh', ['-c', script, 'sh', ...ids]);
}

/** A provider of this process, as the agent has it; with more patience, for where an emulated processor is short of a real one. */
export function startProvider(): MdevProvider {
  return new SysfsProvider({ root: '/', clock: systemClock, log: pino({ level: 'silent' }), deadline: 120_000 });
}

const patient = new AbortController().signal;

/** Each call when the last one has answered. */
export function inSequence(provider: MdevProvider): Contender {
  return {
    async create(ids) {
      for (const id of ids) await provider.create({ id, parent, typeID }, patient);
    },
    async remove(ids) {
      for (const id of ids) await provider.remove(id, patient);
    },
  };
}

/** All calls at once, as an agent makes them for devices that were applied together. */
export function atOnce(provider: MdevProvider): Contender {
  return {
    async create(ids) {
      await Promise.all(ids.map((id) => provider.create({ id, parent, typeID }, patient)));
    },
    async remove(ids) {
      await Promise.all(ids.map((id) => provider.remove(id, patient)));
    },
  };
}
