import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { bootHost, type EmulatedHost } from '../../src/emulator/host.ts';
import { parseProfile } from '../../src/emulator/profile.ts';
import { ManualClock } from '../../src/lib/manual-clock.ts';
import type { MdevProvider } from '../../src/provider/contract.ts';
import { EmulatedProvider } from '../../src/provider/emulated/provider.ts';
import type { HostControl } from '../../src/provider/host/contract.ts';
import { RemoteHostControl } from '../../src/provider/host/client.ts';
import { EmulatedHostControl } from '../../src/provider/host/emulated.ts';
import { hostService } from '../../src/provider/host/service.ts';
import { RemoteProvider } from '../../src/provider/remote/client.ts';
import { providerService } from '../../src/provider/remote/provider-service.ts';
import { serveSocket } from '../../src/provider/remote/server.ts';
import type { Fixture, KnownParent, Subject } from './fixture.ts';
import { patient } from './support.ts';

const profile = new URL('../../profiles/default.yaml', import.meta.url);

const log = pino({ level: 'silent' });

const m60 = {
  'nvidia-11': 16,
  'nvidia-12': 16,
  'nvidia-13': 8,
  'nvidia-14': 8,
  'nvidia-15': 4,
  'nvidia-16': 4,
  'nvidia-17': 2,
  'nvidia-18': 1,
};
const none = Object.fromEntries(Object.keys(m60).map((typeID) => [typeID, 0]));

/** Parents of the default profile: a homogeneous, a pooled and a slot parent, and one whose devices are filled by attributes. */
const parents: readonly KnownParent[] = [
  {
    name: '0000:86:00.0',
    sharing: 'Exclusive',
    features: ['Online', 'Groups', 'Params', 'Attributes'],
    types: m60,
    typeID: 'nvidia-16',
    walk: [
      { create: 'nvidia-16', counts: { ...none, 'nvidia-16': 3 } },
      { create: 'nvidia-16', counts: { ...none, 'nvidia-16': 2 } },
    ],
    attributes: {
      writable: { name: 'nvidia/vgpu_params', value: 'disable_vnc=1', refused: 'colour=blue' },
      readOnly: 'nvidia/resources',
    },
  },
  {
    name: '0000:00:02.0',
    sharing: 'Pooled',
    features: ['Online', 'Attributes'],
    types: { 'i915-GVTg_V5_8': 8, 'i915-GVTg_V5_4': 4, 'i915-GVTg_V5_2': 2 },
    typeID: 'i915-GVTg_V5_8',
    walk: [
      { create: 'i915-GVTg_V5_2', counts: { 'i915-GVTg_V5_8': 4, 'i915-GVTg_V5_4': 2, 'i915-GVTg_V5_2': 1 } },
      { create: 'i915-GVTg_V5_8', counts: { 'i915-GVTg_V5_8': 3, 'i915-GVTg_V5_4': 1, 'i915-GVTg_V5_2': 0 } },
    ],
    attributes: {
      writable: { name: 'intel_vgpu/weight', value: '8', refused: '17' },
      readOnly: 'intel_vgpu/vgpu_id',
    },
  },
  {
    name: 'mtty',
    sharing: 'Slots',
    features: ['Attributes'],
    types: { 'mtty-1': 24, 'mtty-2': 12 },
    typeID: 'mtty-1',
    walk: [
      { create: 'mtty-1', counts: { 'mtty-1': 23, 'mtty-2': 11 } },
      { create: 'mtty-2', counts: { 'mtty-1': 21, 'mtty-2': 10 } },
    ],
    attributes: { readOnly: 'vendor/sample_mdev_dev' },
  },
  {
    name: 'matrix',
    sharing: 'Slots',
    features: ['Attributes'],
    types: { 'vfio_ap-passthrough': 8 },
    typeID: 'vfio_ap-passthrough',
    walk: [{ create: 'vfio_ap-passthrough', counts: { 'vfio_ap-passthrough': 7 } }],
    attributes: { readOnly: 'matrix' },
  },
];

async function boot(clock: ManualClock): Promise<EmulatedHost> {
  return bootHost(parseProfile(await readFile(profile, 'utf8')), { clock, report: () => undefined });
}

function hands(
  control: HostControl,
  provider: MdevProvider,
): Omit<Fixture, 'provider' | 'pass' | 'breakConnection' | 'reboot' | keyof AsyncDisposable> {
  let pid = 4000;
  return {
    makeForeign: (parent, typeID, id) => control.foreignCreate({ id, parent, typeID }, patient),
    removeByHand: (id) => control.removeByHand(id, patient),
    async holdOpen(id) {
      const user = { pid: ++pid, comm: 'qemu-system-x86' };
      const hold = await control.holdOpen(id, user, patient);
      return { pid: user.pid, release: () => hold.release() };
    },
    unloadParent: (name) => control.unloadParent(name, patient),
    loadParent: (name) => control.loadParent(name, patient),
    strike: (parent, operation, outcome) => control.injectFault({ parent, operation, outcome }, patient),
    // What is asked later is answered later, here.
    hung: async (id) => {
      await provider.getDevice(id, patient);
    },
    heal: () => control.clearFaults({}, patient),
  };
}

/** A subject that shows all the hands of others. */
type EmulatedSubject<F extends Fixture = Fixture> = Omit<Subject, 'open'> & { open(): Promise<F & { readonly control: HostControl }> };

/** The provider in the same process as the emulated kernel. */
export const inProcess: EmulatedSubject = {
  name: 'on the emulated kernel in this process',
  parents,
  lacks: { reconnect: 'there is no connection', reboot: 'the provider ends with its kernel' },
  async open() {
    const clock = new ManualClock();
    const host = await boot(clock);
    const control = new EmulatedHostControl(host);
    const provider = new EmulatedProvider({ host, clock, log });
    return {
      provider,
      control,
      ...hands(control, provider),
      pass: (ms) => clock.advance(ms),
      breakConnection: () => Promise.reject(new Error('There is no connection')),
      reboot: () => Promise.reject(new Error('There is no second kernel')),
      [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
    };
  },
};

/** An emulated kernel that is served on a socket of this process. */
class Emulator implements AsyncDisposable {
  readonly #parts: AsyncDisposableStack;

  constructor(parts: AsyncDisposableStack) {
    this.#parts = parts;
  }

  static async start(host: EmulatedHost, socketPath: string, clock: ManualClock): Promise<Emulator> {
    const parts = new AsyncDisposableStack();
    const provider: MdevProvider = new EmulatedProvider({ host, clock, log });
    const services = [providerService(provider), hostService(new EmulatedHostControl(host))];
    parts.use(await serveSocket({ socketPath, services, log }));
    return new Emulator(parts);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}

/** The provider on the other side of a socket. */
export const overSocket: EmulatedSubject<Fixture & { readonly socketPath: string }> = {
  name: 'over a UNIX socket',
  parents,
  lacks: {},
  async open() {
    const clock = new ManualClock();
    const folder = await mkdtemp(path.join(tmpdir(), 'mdev-'));
    const socketPath = path.join(folder, 'emulator.sock');
    let host = await boot(clock);
    let emulator = await Emulator.start(host, socketPath, clock);
    const provider = new RemoteProvider({ socketPath, clock, log });
    const control = new RemoteHostControl({ socketPath, clock, log });
    return {
      provider,
      socketPath,
      control,
      ...hands(control, provider),
      pass: (ms) => clock.advance(ms),
      async breakConnection() {
        await emulator[Symbol.asyncDispose]();
        emulator = await Emulator.start(host, socketPath, clock);
      },
      async reboot() {
        await emulator[Symbol.asyncDispose]();
        await host[Symbol.asyncDispose]();
        host = await boot(clock);
        emulator = await Emulator.start(host, socketPath, clock);
      },
      async [Symbol.asyncDispose]() {
        await provider.close();
        control.close();
        await emulator[Symbol.asyncDispose]();
        await host[Symbol.asyncDispose]();
        await rm(folder, { recursive: true });
      },
    };
  },
};
