import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { SysfsProvider } from '../../../src/provider/sysfs/provider.ts';
import type { Fixture, KnownParent, Subject } from '../../provider/fixture.ts';
import { patient } from '../../provider/support.ts';
import { ForwardClock } from './forward-clock.ts';
import { holdDevice, type DeviceHolder } from './hold-device.ts';
import { healAll, setOutcome } from './mfault.ts';
import { hangingWriter } from './writers.ts';

const execute = promisify(execFile);

/** Longer than a writer process takes to start in a guest whose machine has more to do; it costs no time, for the clock is put forward. ms */
const deadline = 50_000;

/** Why it is tried on mfault, and not on them. */
const samples: Subject['lacks'] = {
  faults: "the kernel's sample drivers do not fail on demand",
  deadline: "the kernel's sample drivers do not hang on demand",
};

/** The kernel's sample drivers and the rig's own, as their modules are named. */
const parents: readonly KnownParent[] = [
  {
    name: 'mbochs',
    sharing: 'Unknown',
    features: ['Attributes'],
    types: { 'mbochs-small': 64, 'mbochs-medium': 16, 'mbochs-large': 4 },
    typeID: 'mbochs-small',
    walk: [
      { create: 'mbochs-large', counts: { 'mbochs-small': 48, 'mbochs-medium': 12, 'mbochs-large': 3 } },
      { create: 'mbochs-small', counts: { 'mbochs-small': 47, 'mbochs-medium': 11, 'mbochs-large': 2 } },
    ],
    attributes: { readOnly: 'vendor/memory' },
    lacks: samples,
  },
  {
    name: 'mdpy',
    sharing: 'Unknown',
    features: ['Attributes'],
    types: { 'mdpy-vga': 4, 'mdpy-xga': 4, 'mdpy-hd': 4 },
    typeID: 'mdpy-vga',
    walk: [{ create: 'mdpy-hd', counts: { 'mdpy-vga': 3, 'mdpy-xga': 3, 'mdpy-hd': 3 } }],
    attributes: { readOnly: 'vendor/resolution' },
    lacks: samples,
  },
  {
    name: 'mfault',
    sharing: 'Unknown',
    features: ['Attributes'],
    types: { 'mfault-small': 8, 'mfault-large': 2 },
    typeID: 'mfault-small',
    walk: [
      { create: 'mfault-small', counts: { 'mfault-small': 7, 'mfault-large': 2 } },
      { create: 'mfault-large', counts: { 'mfault-small': 7, 'mfault-large': 1 } },
    ],
    attributes: { writable: { name: 'vendor/level', value: '42', refused: '101' }, readOnly: 'vendor/instance' },
  },
  {
    name: 'mtty',
    sharing: 'Unknown',
    features: ['Attributes'],
    types: { 'mtty-1': 24, 'mtty-2': 12 },
    typeID: 'mtty-1',
    walk: [
      { create: 'mtty-1', counts: { 'mtty-1': 23, 'mtty-2': 11 } },
      { create: 'mtty-2', counts: { 'mtty-1': 21, 'mtty-2': 10 } },
    ],
    attributes: { readOnly: 'vendor/sample_mdev_dev' },
    lacks: samples,
  },
];

/** Writes as somebody else would: a process of its own, whose hanging is not ours. */
export async function writeByHand(path: string, value: string): Promise<void> {
  await execute('sh', ['-c', 'printf %s "$1" > "$2"', 'sh', value, path]);
}

async function module(...args: readonly string[]): Promise<void> {
  await execute('modprobe', args);
}

export function createFile(parent: string, typeID: string): string {
  return `/sys/class/mdev_bus/${parent}/mdev_supported_types/${typeID}/create`;
}

export const devices = '/sys/bus/mdev/devices';

const none = (what: string) => (): Promise<never> => Promise.reject(new Error(`There is no ${what}`));

/** The provider of the kernel that this runs on. */
export const sysfs: Subject = {
  name: 'on the kernel of this machine',
  parents,
  lacks: {
    leaving: 'a module whose device is open is busy: it is refused, and does not wait',
    refusedRemoval: 'a driver of this kernel is told of a removal, and not asked',
    reconnect: 'there is no connection to a kernel',
    reboot: 'the test ends with its kernel',
  },
  async open(): Promise<Fixture> {
    const clock = new ForwardClock();
    const provider = new SysfsProvider({ root: '/', clock, log: pino({ level: 'silent' }), deadline });
    const holders: DeviceHolder[] = [];
    return {
      provider,
      makeForeign: (parent, typeID, id) => writeByHand(createFile(parent, typeID), id),
      removeByHand: (id) => writeByHand(`${devices}/${id}/remove`, '1'),
      async holdOpen(id) {
        const holder = await holdDevice(id);
        holders.push(holder);
        return { pid: holder.pid, release: () => holder[Symbol.asyncDispose]() };
      },
      unloadParent: async (name) => {
        await execute('rmmod', [name]);
      },
      loadParent: (name) => module(name),
      async strike(parent, operation, outcome) {
        if (parent !== 'mfault' || operation === 'online') await none(`${parent} that fails at ${operation} on demand`)();
        else setOutcome(operation, outcome);
      },
      async hung(id, operation) {
        await hangingWriter(id, operation);
      },
      heal: async () => {
        healAll();
        await Promise.resolve();
      },
      async pass(ms) {
        // What the provider tells of may be on its way to the kernel yet; past its deadline it would not be begun.
        for (const { id, state } of await provider.listDevices(patient))
          if (state !== 'live') await hangingWriter(id, state === 'creating' ? 'create' : 'remove');
        clock.forward(ms);
      },
      breakConnection: none('connection'),
      reboot: none('second kernel'),
      async [Symbol.asyncDispose]() {
        if (existsSync('/sys/module/mfault')) healAll();
        await provider.close();
        // A removal waits for them.
        for (const holder of holders) await holder[Symbol.asyncDispose]();
        for (const id of await readdir(devices)) await writeByHand(`${devices}/${id}/remove`, '1');
        for (const { name } of parents) await module(name);
      },
    };
  },
};
