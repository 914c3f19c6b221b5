/**
 * The rights that src/provider/sysfs/README.md names, each dropped: what the object then says. Five operators are started, since one takes
 * long; each lacks what the others' lack would hide.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { MdevDevice } from '../../../src/api/mdev-device.ts';
import { kubectlOk } from '../../support/kubectl.ts';
import { Operator } from '../../support/operator.ts';
import { operatorCommand } from '../../support/operator-command.ts';
import { startStandalone, type StandaloneProcess } from '../../support/standalone-process.ts';
import { holdDevice } from './hold-device.ts';
import { createFile, devices, writeByHand } from './sysfs-subject.ts';

const execute = promisify(execFile);
// On a machine that others use, an operator may take minutes to start.
const patience = { timeout: 180_000, interval: 500 };
const slow = { timeout: 600_000 };
const nobody = 65534;

/** Nobody, with these capabilities and no other. */
function asNobody(...capabilities: readonly string[]): string[] {
  const set = capabilities.map((name) => `+${name}`).join(',');
  const kept = set === '' ? [] : ['--inh-caps', set, '--ambient-caps', set];
  return ['setpriv', '--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', ...kept];
}

/** All that is needed: README.md says of each what for. */
const enough = asNobody('dac_override', 'sys_ptrace');
/** Nothing of it, and no uevents. */
const nothing = [...asNobody(), 'without-netlink'];
/** Root, as in a container that is given too little: a PID namespace of its own, /sys read-only, no /dev/vfio. */
const contained = [
  ...['unshare', '--pid', '--fork', '--kill-child', '--mount', '--mount-proc', 'sh', '-c'],
  'mount -o remount,bind,ro /sys && mount -t tmpfs none /dev/vfio && exec "$@"',
  'sh',
];
/** Root in a device cgroup of version 1 that lets it have the devices which everybody has (null, the terminals), as a container's does. */
const fencedByList = [
  ...['sh', '-c'],
  `cg=/run/devices; mkdir -p $cg && { test -d $cg/fenced || mount -t cgroup -o devices none $cg; } && mkdir -p $cg/fenced &&
   echo a >$cg/fenced/devices.deny && for one in 'c 1:* rwm' 'c 5:* rwm' 'c 136:* rwm'; do echo "$one" >$cg/fenced/devices.allow || exit; done &&
   echo $$ >$cg/fenced/cgroup.procs && exec "$@"`,
  'sh',
];
const deviceCgroups = [
  { version: 1, through: fencedByList },
  { version: 2, through: ['in-device-cgroup'] },
];

// One after the other run on it, root who may use what is nobody's too.
const dataDir = mkdtempSync('/tmp/mdev-');
chownSync(dataDir, nobody, nobody);
let running: StandaloneProcess | undefined;
let operator: Operator;

async function start(through: readonly string[]): Promise<StandaloneProcess> {
  const args = ['--provider', 'sysfs'];
  running = await startStandalone(dataDir, args, { through });
  operator = new Operator(running, args);
  return running;
}

afterEach(async () => {
  await running?.end('SIGKILL');
  running = undefined;
});
afterAll(async () => {
  for (const id of readdirSync(devices)) await writeByHand(`${devices}/${id}/remove`, '1');
});

const uuidOf = ({ status }: MdevDevice): string => status?.uuid ?? '';

async function apply(name: string, spec: object): Promise<void> {
  const manifest = { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice', metadata: { name, namespace: 'default' }, spec };
  await kubectlOk(operator.kubeconfig, ['apply', '-f', '-'], { input: JSON.stringify(manifest), timeout: 60_000 });
}

/** A condition of a device as kubectl shows it: its status, reason and message. */
async function condition(name: string, type: string): Promise<string> {
  const fields = ['status', 'reason', 'message'].map((field) => `{.status.conditions[?(@.type=="${type}")].${field}}`).join(' ');
  return kubectlOk(operator.kubeconfig, ['get', 'mdev', name, '-o', `jsonpath=${fields}`], { timeout: 60_000 });
}

const says = (name: string, type: string): ReturnType<typeof expect.poll> => expect.poll(() => condition(name, type), patience);

async function remaining(): Promise<string> {
  const path = '{.items[?(@.spec.parent=="mtty")].status.remaining}';
  return kubectlOk(operator.kubeconfig, ['get', 'mdevparents', '-o', `jsonpath=${path}`], { timeout: 60_000 });
}

/** Makes a device, and answers it when it is ready. */
async function make(name: string, typeID: string): Promise<MdevDevice> {
  await apply(name, { type: { id: typeID } });
  await says(name, 'Ready').toContain('True Ready');
  return operator.device(name);
}

/** What `doctor` prints, and how it ends. */
async function doctor(...through: readonly string[]): Promise<{ status: number; text: string }> {
  const own = [...operatorCommand(), 'doctor'];
  const [program = '', ...args] = [...through, ...own];
  const [outcome] = await Promise.allSettled([execute(program, args)]);
  if (outcome.status === 'fulfilled') return { status: 0, text: outcome.value.stdout };
  const { code, stdout, stderr } = outcome.reason as { code: number; stdout: string; stderr: string };
  return { status: code, text: stdout + stderr };
}

describe('an operator', () => {
  it(
    'needs CAP_DAC_OVERRIDE and CAP_SYS_PTRACE, and not to be root: it creates, counts, names users, waits for them and removes',
    slow,
    async () => {
      await start(enough);
      const device = await make('whole', 'mtty-2');
      await expect.poll(remaining, patience).toBe('mtty-1=22 mtty-2=11');
      // As libvirt and udev's rules do for whoever runs VMs.
      chownSync(device.status?.vfio?.groupPath ?? '', nobody, nobody);
      await says('whole', 'InUse').toContain('False NotInUse');
      await using holder = await holdDevice(uuidOf(device));
      await operator.delete('whole');
      await says('whole', 'InUse').toBe(`True InUse hold-device (${holder.pid})`);
      expect(existsSync(`${devices}/${uuidOf(device)}`)).toBe(true);
      await holder[Symbol.asyncDispose]();
      await expect.poll(() => operator.has('whole'), patience).toBe(false);
      expect(readdirSync(devices)).toEqual([]);
      await expect.poll(remaining, patience).toBe('mtty-1=24 mtty-2=12');
      // For those that follow, who may not make any.
      await make('first', 'mtty-1');
      await make('second', 'mtty-1');
    },
  );

  it('without them says what it may not, removes nothing, and notices changes where it hears no uevents', slow, async () => {
    const { log } = await start(nothing);
    expect(log()).toContain('uevents cannot be heard');
    await apply('refused', { type: { id: 'mtty-2' } });
    await says('refused', 'Created').toMatch(/^False PermissionDenied The agent may not write to the parent: run it as root.*EACCES/);
    await writeByHand(createFile('mtty', 'mtty-1'), randomUUID());
    await expect.poll(remaining, patience).toBe('mtty-1=21 mtty-2=10');

    const { status } = await operator.device('first');
    await says('first', 'InUse').toMatch(
      /^Unknown Unknown .*\d+ processes cannot be looked at, which takes CAP_SYS_PTRACE and CAP_DAC_OVERRIDE/,
    );
    await operator.delete('first');
    await says('first', 'Created').toMatch(/^False PermissionDenied The agent may not open the device's group in \/dev\/vfio.*EACCES/);
    expect(existsSync(`${devices}/${status?.uuid ?? ''}`)).toBe(true);
    // A group of its own it may open, and the device it may not remove.
    chownSync(status?.vfio?.groupPath ?? '', nobody, nobody);
    await says('first', 'Created').toMatch(/^False PermissionDenied The agent may not remove the device.*EACCES/);
    expect(existsSync(`${devices}/${status?.uuid ?? ''}`)).toBe(true);
  });

  it('in a container that is given too little says what it is to be given', slow, async () => {
    await start(contained);
    await says('refused', 'Created').toMatch(/^False PermissionDenied The agent has \/sys mounted read-only: mount it for writing.*EROFS/);
    const uuid = uuidOf(await operator.device('second'));
    await says('second', 'InUse').toMatch(/^Unknown Unknown .*not the PID namespace of the node \(hostPID is missing\)/);
    await using _holder = await holdDevice(uuid);
    await operator.delete('second');
    await says('second', 'Created').toMatch(/^False PermissionDenied The agent does not see the device's group in \/dev\/vfio.*ENOENT/);
    expect(existsSync(`${devices}/${uuid}`)).toBe(true);
  });

  it.each(deviceCgroups)(
    'in a device cgroup (v$version) without VFIO makes devices, and removes none, for it cannot tell whether one is in use',
    slow,
    async ({ version, through }) => {
      const name = `fenced-${version}`;
      await start(through);
      const uuid = uuidOf(await make(name, 'mtty-2'));
      await operator.delete(name);
      await says(name, 'Created').toMatch(
        /^False PermissionDenied The agent may not open the device's group .*DeviceAllow=char-vfio.*EPERM/,
      );
      expect(existsSync(`${devices}/${uuid}`)).toBe(true);
    },
  );
});

describe('doctor', () => {
  const withModules = { timeout: 240_000 };
  it.each([
    ['of root', []],
    ['of nobody with the two capabilities', enough],
  ])('finds no problem with the rights %s', async (_, through) => {
    const { status, text } = await doctor(...through);
    expect(text).not.toContain('problem');
    expect(text).toMatch(/^ok +The kernel has \d+ mdev parents: .*mtty/);
    expect(text).toMatch(/^note +There is no hardware IOMMU.*need none/m);
    expect(status).toBe(0);
  });

  it('names what nobody lacks, and uevents', async () => {
    const { status, text } = await doctor(...nothing);
    expect(text).toMatch(/^problem This user may not create devices \(EACCES\)\.\n +-> run it as root, or with CAP_DAC_OVERRIDE/m);
    expect(text).toMatch(
      /^problem Who uses a device cannot be told: the right .*\n +-> run it as root, or with CAP_SYS_PTRACE and CAP_DAC_OVERRIDE/m,
    );
    expect(text).toMatch(/^note +What others change is noticed seconds later: .*EAFNOSUPPORT.*\n +-> .*AF_NETLINK/m);
    expect(text).toContain('mdev-operator: 2 of these keep mediated devices from being managed here\n');
    expect(status).toBe(2);
  });

  it('names what a container lacks', async () => {
    const { status, text } = await doctor(...contained);
    expect(text).toMatch(/^problem \/sys is mounted read-only.*\n +-> mount it for writing/m);
    expect(text).toMatch(/^problem There is no \/dev\/vfio\/vfio\.\n +-> let this process have the node's \/dev\/vfio/m);
    expect(text).toMatch(/^problem Who uses a device cannot be told: this is not the PID namespace .*\n +-> .*hostPID/m);
    expect(text).toContain('mdev-operator: 3 of these');
    expect(status).toBe(2);
  });

  it.each(deviceCgroups)('names a device cgroup (v$version) that keeps VFIO away', async ({ through }) => {
    const { status, text } = await doctor(...through);
    expect(text).toMatch(/^problem A device cgroup keeps this process from opening \/dev\/vfio\/vfio.*\n +-> .*DeviceAllow=char-vfio/m);
    expect(text).toContain('mdev-operator: 1 of these');
    expect(status).toBe(2);
  });

  it('names the modules that are missing, from the parents down', withModules, async () => {
    const drivers = readdirSync('/sys/module/mdev/holders');
    expect(drivers).toContain('mtty');
    try {
      for (const driver of drivers) await execute('rmmod', [driver]);
      expect((await doctor()).text).toMatch(
        /^problem The kernel knows mediated devices, but no driver has registered a parent\.\n +-> load the driver/m,
      );
      await execute('rmmod', ['mdev']);
      await execute('rmmod', ['vfio_iommu_type1']);
      const { text } = await doctor();
      expect(text).toMatch(/^problem The kernel's mdev core is not loaded\.\n +-> load the driver/m);
      expect(text).toMatch(/^problem vfio_iommu_type1 is not loaded\.\n +-> load it, now and at boot/m);
    } finally {
      await execute('modprobe', ['-a', 'vfio_iommu_type1', ...drivers]);
    }
  });
});
