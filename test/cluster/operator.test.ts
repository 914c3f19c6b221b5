/** Agent and controller against a real API server, with the rights of deploy/ and no more. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { kubectl, kubectlOk } from '../support/kubectl.ts';
import { installPlugin } from '../support/mdev-plugin.ts';
import { repository } from '../support/operator-command.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { installCrds } from './install-crds.ts';
import { type OperatorProcesses, startOperator } from './operator-processes.ts';
import { kubeconfigOf } from './service-accounts.ts';

interface Device {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly online: boolean };
  readonly status?: { readonly uuid?: string };
}
interface Parent {
  readonly status?: { readonly remaining?: string };
}

const namespace = 'operator';
const examples = new URL('examples/', repository).pathname;
let cluster: ControlPlane;
let operator: OperatorProcesses;
let atFirst: string[];

const run = (...args: string[]): Promise<string> => kubectlOk(cluster.kubeconfig, ['--namespace', namespace, ...args]);
const list = async <T>(resource: string): Promise<T[]> => (JSON.parse(await run('get', resource, '-o', 'json')) as { items: T[] }).items;
const remaining = async (): Promise<string[]> => (await list<Parent>('mdevparents')).map(({ status }) => status?.remaining ?? '').sort();
const onlineDevices = async (): Promise<Device[]> => (await list<Device>('mdevdevices')).filter(({ spec }) => spec.online);
const waitForReady = async (): Promise<unknown> =>
  run('wait', '--for=condition=Ready', '--timeout=30s', ...(await onlineDevices()).map(({ metadata }) => `mdevdevice/${metadata.name}`));

beforeAll(async () => {
  const emulatedVersion = inject('emulatedVersion');
  cluster = await startControlPlane({
    bin: inject('binaries'),
    controllers: ['namespace-controller', 'garbage-collector-controller'],
    ...(emulatedVersion !== undefined && { emulatedVersion }),
  });
  await installCrds(cluster.kubeconfig);
  await run('create', 'namespace', namespace);
  await kubectlOk(cluster.kubeconfig, ['create', '-f', '-'], {
    input: 'apiVersion: v1\nkind: Node\nmetadata: {name: operator-node}\n',
  });
  operator = await startOperator(cluster.kubeconfig, 'operator-node');
});
afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await cluster.stop();
});

it('publishes the parents, owned by the Node', async () => {
  await expect
    .poll(remaining, { timeout: 60_000 })
    .toEqual(expect.arrayContaining([expect.stringContaining('mtty-1=24'), expect.stringContaining('nvidia-11=16')]));
  atFirst = await remaining();
  const owners = await run('get', 'mdevparents', '-o', 'jsonpath={.items[*].metadata.ownerReferences[*].name}');
  expect(new Set(owners.split(' '))).toEqual(new Set(['operator-node']));
});

it('makes the examples Ready', async () => {
  await run('apply', '-f', examples);
  await run('wait', '--for=condition=Ready', '--timeout=30s', 'mdevdeviceset/ports');
  expect((await onlineDevices()).length).toBeGreaterThanOrEqual(13);
  await waitForReady();
});

it('shows a user with role mdev-viewer, and no more, what kubectl mdev can tell; one with none is told what is missing', async () => {
  await using plugin = await installPlugin();
  const directory = await mkdtemp(join(tmpdir(), 'mdev-viewer-'));
  for (const name of ['looks', 'nobody']) await run('create', 'serviceaccount', name, '--namespace', 'mdev-system');
  await run('create', 'clusterrolebinding', 'looks', '--clusterrole=mdev-viewer', '--serviceaccount=mdev-system:looks');
  const viewer = await kubeconfigOf(cluster.kubeconfig, join(directory, 'viewer'), 'looks');
  const types = await plugin.run(viewer, ['types', '-o', 'json']);
  expect(types).toMatchObject({ code: 0, stderr: '' });
  const told = (JSON.parse(types.stdout) as { types: { typeID: string; nodeName: string }[] }).types;
  expect(told).toContainEqual(expect.objectContaining({ typeID: 'mtty-1', nodeName: 'operator-node' }));
  const [{ metadata } = { metadata: { name: '' } }] = await onlineDevices();
  expect((await plugin.run(viewer, ['why', metadata.name, '-n', namespace])).stdout).toMatch(
    new RegExp(`^${namespace}/${metadata.name} is ready: `),
  );
  expect((await plugin.run(viewer, ['tree'])).stdout).toContain(`  ${namespace}/${metadata.name}\n`);
  expect((await plugin.run(viewer, ['top'])).stdout).toMatch(/^\d+ devices, \d+ ready, /);
  // May not make what it plans: so says the API server, of each.
  const refused = await plugin.run(viewer, ['plan', '-f', examples, '-n', namespace]);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('refused by the API server (Forbidden): ');
  const planned = await plugin.run(cluster.kubeconfig, ['plan', '-f', examples, '-n', namespace]);
  expect(planned).toMatchObject({ stderr: '' });
  expect(planned.stdout).toMatch(new RegExp(`^MdevDevice ${namespace}/${metadata.name}: unchanged, `, 'm'));
  const both = ['new-1', 'new-2'].map((name) => ({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: { name },
    spec: { type: { id: 'mtty-2' } },
  }));
  const created = await plugin.run(
    cluster.kubeconfig,
    ['plan', '-f', '-', '-o', 'json'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: both }),
  );
  expect(created).toMatchObject({ code: 0, stderr: '' });
  const place = { nodeName: 'operator-node', typeID: 'mtty-2' };
  expect(JSON.parse(created.stdout)).toMatchObject({
    complete: true,
    entries: [
      { outcome: 'Made', place },
      { outcome: 'Made', place },
    ],
  });
  const nobody = await plugin.run(await kubeconfigOf(cluster.kubeconfig, join(directory, 'nobody'), 'nobody'), ['tree']);
  expect(nobody).toMatchObject({ code: 2, stdout: '' });
  expect(nobody.stderr).toMatch(
    /^kubectl mdev: You may not list \S+: ask for a role with verb list on it, in all namespaces \(.*mdev-viewer.*\)\n$/,
  );
  await rm(directory, { recursive: true });
});

it('follows kubectl scale, and replaces the devices of a set when its template changes', async () => {
  const ports = async (...output: string[]): Promise<string> => run('get', 'mdev', '-l', 'mediated.dev/set=ports', ...output);
  const isReady = (): Promise<string> => run('wait', '--for=condition=Ready', '--timeout=30s', 'mdevset/ports');
  await run('scale', 'mdevset/ports', '--replicas=5', '--current-replicas=4');
  await isReady();
  expect((await ports('-o', 'name')).trim().split('\n')).toHaveLength(5);
  await run('scale', 'mdevset', 'ports', '--replicas=2');
  await expect.poll(async () => (await ports('-o', 'name')).trim().split('\n'), { timeout: 30_000 }).toHaveLength(2);
  const uids = (): Promise<string> => ports('-o', 'jsonpath={.items[*].metadata.uid}');
  const before = await uids();
  await run('patch', 'mdevset', 'ports', '--type=merge', '-p', '{"spec":{"template":{"spec":{"placement":"Spread"}}}}');
  await run('wait', '--for=jsonpath={.status.conditions[?(@.type=="Progressing")].reason}=Complete', '--timeout=30s', 'mdevset/ports');
  await expect
    .poll(() => run('get', 'mdevset', 'ports', '-o', 'jsonpath={.status.observedGeneration} {.status.updatedReplicas}'), {
      timeout: 30_000,
    })
    .toBe('4 2');
  await isReady();
  const after = (await uids()).split(' ');
  expect(after.filter((uid) => before.includes(uid))).toEqual([]);
});

it('finds its devices again after a crash of agent and controller', async () => {
  const before = await list<Device>('mdevdevices');
  await operator.end('agent', 'SIGKILL');
  await operator.end('controller', 'SIGKILL');
  operator.start('controller');
  operator.start('agent');
  await waitForReady();
  const uuids = (devices: Device[]): unknown => devices.map(({ metadata, status }) => [metadata.name, status?.uuid]);
  expect(uuids(await list<Device>('mdevdevices'))).toEqual(uuids(before));
});

it('says with an Event and a condition what it cannot do', async () => {
  const manifest = {
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: { name: 'odd' },
    spec: { type: { id: 'no-such-type' } },
  };
  await kubectlOk(cluster.kubeconfig, ['--namespace', namespace, 'create', '-f', '-'], { input: JSON.stringify(manifest) });
  await run('wait', '--for=condition=Allocated=False', '--timeout=30s', 'mdevdevice/odd');
  expect(await run('get', 'mdevdevice', 'odd', '-o', 'jsonpath={.status.conditions[?(@.type=="Allocated")].reason}')).toBe('NoSuchType');
  await run('delete', 'mdevdevice', 'odd', '--timeout=20s');
});

it('gives the counts back when the examples are deleted, but for the device to retain', async () => {
  await run('delete', '-f', examples, '--timeout=60s');
  const others = (texts: string[]): string[] => texts.filter((text) => !text.includes('nvidia'));
  await expect.poll(async () => others(await remaining()), { timeout: 30_000 }).toEqual(others(atFirst));
});

it('keeps all its processes, the controller that waits for the Lease too', () => {
  expect(operator.lost(), operator.log()).toEqual([]);
});

it('was refused nothing: the rights in deploy/ suffice', async () => {
  expect(operator.log()).not.toMatch(/forbidden|Forbidden/);
  const leases = await kubectl(cluster.kubeconfig, ['get', 'leases', '-A', '-o', 'name']);
  expect(leases.stdout).not.toBe('');
});
