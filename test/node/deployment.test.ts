/** The operator as deploy/ runs it, on a real node: one story, told in order. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { kubectlOk } from '../support/kubectl.ts';
import { operatorCommand, repository } from '../support/operator-command.ts';
import { Client } from '../vfio-user/client.ts';
import { type Node, startNode } from './node.ts';

interface Device {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly online: boolean };
  readonly status?: { readonly uuid?: string };
}
interface ParentDevice {
  readonly uuid: string;
  readonly owner?: { readonly name: string };
}
interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: { readonly containerStatuses?: readonly { readonly image: string; readonly restartCount: number }[] };
}

const path = (name: string): string => new URL(name, repository).pathname;
const version = (JSON.parse(readFileSync(path('package.json'), 'utf8')) as { version: string }).version;
const image = `docker.io/library/mdev-operator:${version}`;
const emulatorSocket = '/run/mdev-operator/emulator.sock';
const patience = { timeout: 60_000, interval: 250 };
const figures: string[] = [];

let node: Node;
let client: Client | undefined;
let uuids: Record<string, string | undefined>;

const run = (...args: string[]): Promise<string> => kubectlOk(node.kubeconfig, args, { timeout: 110_000 });
const list = async <T>(...args: string[]): Promise<T[]> => (JSON.parse(await run('get', ...args, '-o', 'json')) as { items: T[] }).items;
const podsOf = (namespace: string, app: string): Promise<Pod[]> =>
  list<Pod>('pods', '-n', namespace, '-l', `app.kubernetes.io/name=${app}`);
const rollout = (namespace: string, what: string): Promise<string> => run('rollout', 'status', '-n', namespace, what, '--timeout=100s');
const agentIsThere = (): Promise<string> => rollout('mdev-system', 'daemonset/mdev-agent');
const onlineDevices = async (): Promise<Device[]> => (await list<Device>('mdevdevices')).filter(({ spec }) => spec.online);
const allReady = async (): Promise<void> => {
  await run(
    'wait',
    '--for=condition=Ready',
    '--timeout=60s',
    ...(await onlineDevices()).map(({ metadata }) => `mdevdevice/${metadata.name}`),
  );
};
const uuidsByName = async (): Promise<typeof uuids> =>
  Object.fromEntries((await list<Device>('mdevdevices')).map(({ metadata, status }) => [metadata.name, status?.uuid]));
const reasonOf = (name: string, condition: string): Promise<string> =>
  run('get', 'mdev', name, '-o', `jsonpath={.status.conditions[?(@.type=="${condition}")].reason}`);
/** Plays the other hands on the emulated host, from the node. */
const emulate = async (...args: string[]): Promise<string> => {
  const [program = '', ...before] = operatorCommand();
  return (await promisify(execFile)(program, [...before, 'emulate', ...args, '--socket', emulatorSocket])).stdout.trim();
};
const devicesOfHost = async (): Promise<string[]> =>
  (JSON.parse(await emulate('list', '--json')) as { devices: { id: string }[] }).devices.map(({ id }) => id).sort();
/** A register of the attached device, by the connection that was made at first. */
const deviceAnswers = (): void => expect(client?.register(7, 0)).toBe(0x32534348);
const install = async (): Promise<void> => {
  await run('apply', '--server-side', '-f', path('crds'));
  await run('apply', '-k', path('deploy/overlays/emulated'));
};

/** MiB of memory of the processes that run a role in a container. */
function memoryOf(role: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const [, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const isRole = args.includes('/opt/mdev-operator/dist/main.js') && args.includes(role);
        const [, kib = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
        return isRole ? [Math.round(Number(kib) / 1024)] : [];
      } catch {
        return [];
      }
    });
}
function noteMemory(when: string): void {
  for (const role of ['agent', 'controller', 'emulator']) figures.push(`RSS of ${role} ${when}: ${memoryOf(role).join(', ')} MiB`);
}

beforeAll(async () => {
  const { MDEV_NODE_WORK: work, MDEV_NODE_BIN: bin } = process.env;
  if (work === undefined || bin === undefined) throw new Error('There is no place for a node: run `npm run test:node`, which makes one');
  const began = performance.now();
  const images = [path(`build/image/mdev-operator-${version}.tar`), join(work, 'pause.tar')];
  node = await startNode({ bin, work, images });
  figures.push(`node Ready: ${((performance.now() - began) / 1000).toFixed(1)} s after its start`);
});
afterAll(async () => {
  process.stdout.write(`\n${figures.join('\n')}\n`);
  client?.[Symbol.dispose]();
  await node[Symbol.asyncDispose]();
});

describe('the operator on a node', () => {
  it('runs by two commands, with the rights that deploy/ gives', async () => {
    onTestFailed(async () => {
      process.stdout.write(`${await run('get', 'pods', '-A', '-o', 'wide')}\n${await run('get', 'events', '-A')}\n${await node.logs()}\n`);
    });
    const began = performance.now();
    await install();
    await run('wait', '-n', 'mdev-emulator', '--for=jsonpath={.status.numberReady}=1', '--timeout=60s', 'daemonset/mdev-emulator');
    await agentIsThere();
    await rollout('mdev-system', 'deployment/mdev-controller');
    await run('wait', '--for=condition=Present', '--timeout=30s', 'mdevparents', '--all');
    figures.push(`operator Ready: ${((performance.now() - began) / 1000).toFixed(1)} s after kubectl apply`);
    expect(await podsOf('mdev-system', 'mdev-controller')).toHaveLength(2);
    noteMemory('idle');
  });

  it('makes the examples Ready', async () => {
    const began = performance.now();
    await run('apply', '-f', path('examples'));
    await run('wait', '--for=condition=Ready', '--timeout=60s', 'mdevdeviceset/ports');
    await allReady();
    figures.push(`examples Ready: ${((performance.now() - began) / 1000).toFixed(1)} s after kubectl apply`);
    uuids = await uuidsByName();
  });

  it('shows the device to a program of the node, at the path in its status', async () => {
    client = new Client(await run('get', 'mdev', 'guest-serial', '-o', 'jsonpath={.status.vfio.socketPath}'));
    client.negotiate();
    deviceAnswers();
    await run('wait', '--for=condition=InUse', '--timeout=30s', 'mdev/guest-serial');
    expect(await run('get', 'mdev', 'guest-serial', '-o', 'jsonpath={.status.users[*].pid}')).toBe(String(process.pid));
  });

  it('leaves devices alone when the pod of the agent is killed', async () => {
    const [emulator] = await podsOf('mdev-emulator', 'mdev-emulator');
    const [before] = await podsOf('mdev-system', 'mdev-agent');
    await run('delete', 'pod', '-n', 'mdev-system', before?.metadata.name ?? '', '--grace-period=0', '--force');
    await expect
      .poll(async () => (await podsOf('mdev-system', 'mdev-agent')).map(({ metadata }) => metadata.uid), patience)
      .not.toContain(before?.metadata.uid);
    await agentIsThere();
    await allReady();
    expect(await uuidsByName()).toEqual(uuids);
    deviceAnswers();
    const [same] = await podsOf('mdev-emulator', 'mdev-emulator');
    expect([same?.metadata.uid, same?.status.containerStatuses?.[0]?.restartCount]).toEqual([emulator?.metadata.uid, 0]);
  });

  it('leaves devices alone when the image of the agent is upgraded', async () => {
    await node.tagImage(image, `${image}-next`);
    await run('set', 'image', '-n', 'mdev-system', 'daemonset/mdev-agent', `agent=mdev-operator:${version}-next`);
    await agentIsThere();
    await expect
      .poll(async () => (await podsOf('mdev-system', 'mdev-agent')).map(({ status }) => status.containerStatuses?.[0]?.image), patience)
      .toEqual([expect.stringContaining(':')]);
    expect(
      await run(
        'get',
        'pods',
        '-n',
        'mdev-system',
        '-l',
        'app.kubernetes.io/name=mdev-agent',
        '-o',
        'jsonpath={.items[*].spec.containers[*].image}',
      ),
    ).toBe(`mdev-operator:${version}-next`);
    await allReady();
    expect(await uuidsByName()).toEqual(uuids);
    deviceAnswers();
  });

  it('puts no new device on a cordoned node, and keeps what is there', async () => {
    await run('cordon', node.name);
    const late = { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice', metadata: { name: 'late' }, spec: { type: { id: 'mtty-1' } } };
    await kubectlOk(node.kubeconfig, ['create', '-f', '-'], { input: JSON.stringify(late) });
    await expect.poll(() => reasonOf('late', 'Allocated'), patience).toBe('Unschedulable');
    await allReady().catch(() => undefined);
    expect((await uuidsByName())['guest-serial']).toBe(uuids['guest-serial']);
    deviceAnswers();
    await run('uncordon', node.name);
    await run('wait', '--for=condition=Ready', '--timeout=60s', 'mdev/late');
    await run('delete', 'mdev', 'late', '--timeout=60s');
  });

  it('finds every device again when it was deleted and applied anew, and its user noticed nothing', async () => {
    const before = await devicesOfHost();
    await run('delete', '-k', path('deploy/base'), '--timeout=90s');
    expect(await devicesOfHost()).toEqual(before);
    deviceAnswers();
    await install();
    await agentIsThere();
    await rollout('mdev-system', 'deployment/mdev-controller');
    await allReady();
    expect([await devicesOfHost(), await uuidsByName()]).toEqual([before, uuids]);
    deviceAnswers();
  });

  it('waits for the user of a device, and leaves foreign devices and those to retain, when it is uninstalled', async () => {
    const foreign = await emulate('create', 'mtty', 'mtty-1');
    await run('delete', '-f', path('examples'), '--wait=false');
    await expect
      .poll(async () => (await list<Device>('mdevdevices')).map(({ metadata }) => metadata.name), patience)
      .toEqual(['guest-serial']);
    deviceAnswers();
    client?.[Symbol.dispose]();
    client = undefined;
    await run('wait', '--for=delete', '--timeout=60s', 'mdevdevices', '--all');
    await run('delete', '-k', path('deploy/base'), '--timeout=90s');
    await run('delete', '-f', path('crds'), '--timeout=60s');
    expect(await devicesOfHost()).toEqual([foreign, uuids['keep-me']].sort());
  });

  it('reports what it had left when it is installed again, and takes over what was to retain', async () => {
    await install();
    await agentIsThere();
    const reported = async (): Promise<ParentDevice[]> =>
      JSON.parse(
        `[${(await run('get', 'mdevparents', '-o', 'jsonpath={range .items[*].status.devices[*]}{@},{end}')).replace(/,$/, '')}]`,
      ) as ParentDevice[];
    await expect.poll(async () => (await reported()).map(({ uuid }) => uuid).sort(), patience).toEqual(await devicesOfHost());
    expect((await reported()).every(({ owner }) => owner === undefined)).toBe(true);
  });
});
