/** Agents that die, Nodes that go, on a real API server, with the rights of deploy/ and no more. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { kubectlOk } from '../support/kubectl.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { installCrds } from './install-crds.ts';
import { type OperatorProcesses, startOperator } from './operator-processes.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}
interface Device {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string; readonly managedFields: { readonly manager: string }[] };
  readonly status?: { readonly uuid?: string; readonly conditions?: Condition[] };
}
interface Parent {
  readonly metadata: { readonly name: string; readonly uid: string; readonly ownerReferences?: { readonly uid: string }[] };
  readonly status?: {
    readonly conditions?: Condition[];
    readonly devices?: { readonly uuid: string; readonly orphaned?: boolean; readonly owner?: { readonly uid: string } }[];
  };
}

const leaseDuration = 6;
const patience = { timeout: 60_000, interval: 200 };
const namespace = 'node-loss';
let cluster: ControlPlane;
let operator: OperatorProcesses;
let node: string;
/** Of every try: nothing that an earlier one has left is in the way. */
let tries = 0;

const run = (...args: string[]): Promise<string> => kubectlOk(cluster.kubeconfig, ['--namespace', namespace, ...args]);
const read = async <T>(...args: string[]): Promise<T> => JSON.parse(await run('get', ...args, '--show-managed-fields', '-o', 'json')) as T;
const device = (): Promise<Device> => read<Device>('mdevdevice', node);
const parents = async (): Promise<Parent[]> =>
  (await read<{ items: Parent[] }>('mdevparents', '--selector', `mediated.dev/node=${node}`)).items;
const ready = async (): Promise<string> => {
  const condition = (await device()).status?.conditions?.find(({ type }) => type === 'Ready');
  return `${condition?.status ?? ''} ${condition?.reason ?? ''}`;
};
const presence = async (): Promise<string[]> => [
  ...new Set((await parents()).map(({ status }) => status?.conditions?.find(({ type }) => type === 'Present')?.reason ?? '')),
];
const nodeUID = async (): Promise<string> => (await read<Device>('node', node)).metadata.uid;
const create = (object: object): Promise<string> =>
  kubectlOk(cluster.kubeconfig, ['--namespace', namespace, 'create', '-f', '-'], { input: JSON.stringify(object) });
const createNode = (): Promise<string> => create({ apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
const createDevice = (): Promise<string> =>
  create({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: { name: node },
    spec: { type: { id: 'mtty-1' }, nodeName: node },
  });

beforeAll(async () => {
  cluster = await startControlPlane({ bin: inject('binaries'), controllers: ['namespace-controller', 'garbage-collector-controller'] });
  await installCrds(cluster.kubeconfig);
  await run('create', 'namespace', namespace);
});
afterAll(async () => {
  await cluster.stop();
});
beforeEach(async () => {
  tries += 1;
  node = `lost-${tries}`;
  await createNode();
  operator = await startOperator(cluster.kubeconfig, node, ['--lease-duration', String(leaseDuration)]);
  await createDevice();
  await expect.poll(ready, patience).toBe('True Ready');
});
afterEach(async () => {
  operator.thaw('agent');
  const log = operator.log();
  await operator[Symbol.asyncDispose]();
  expect(log).not.toMatch(/forbidden|Forbidden/);
});

it.each(['SIGKILL', 'SIGTERM'] as const)('calls a node lost whose agent ended by %s, until it is back', async (signal) => {
  const before = await device();
  await operator.end('agent', signal);
  await expect.poll(ready, patience).toBe('Unknown NodeLost');
  await expect.poll(presence, patience).toEqual(['NodeLost']);
  expect(await run('get', 'events', '-A', '--field-selector', `reason=NodeLost,involvedObject.name=${node}`, '-o', 'name')).not.toBe('');
  operator.start('agent');
  await expect.poll(ready, patience).toBe('True Ready');
  await expect.poll(presence, patience).toEqual(['Present']);
  const managers = async (): Promise<string[]> => (await device()).metadata.managedFields.map(({ manager }) => manager);
  await expect.poll(managers, patience).not.toContain('mdev-controller-node-loss');
  const after = await device();
  expect(after.status?.uuid).toBe(before.status?.uuid);
  expect(after.status?.conditions?.map(({ type }) => type).sort()).toEqual(['Allocated', 'Created', 'InUse', 'Online', 'Ready']);
});

it('lets a deleted device go when its Node object is deleted, too', async () => {
  await operator.end('agent', 'SIGKILL');
  await run('delete', 'mdevdevice', node, '--wait=false');
  await run('delete', 'node', node);
  await run('wait', '--for=delete', '--timeout=60s', `mdevdevice/${node}`);
});

it('gives up a device out of service, and finds it again for the object that was made anew', async () => {
  const before = await device();
  operator.freeze('agent');
  await expect.poll(ready, patience).toBe('Unknown NodeLost');
  await run('delete', 'mdevdevice', node, '--wait=false');
  await run('taint', 'node', node, 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute');
  await run('wait', '--for=delete', '--timeout=60s', `mdevdevice/${node}`);
  await createDevice();
  await expect.poll(ready, patience).toBe('False NodeLost');
  operator.thaw('agent');
  await run('taint', 'node', node, 'node.kubernetes.io/out-of-service-');
  await expect.poll(ready, patience).toBe('True Ready');
  const after = await device();
  expect(after.metadata.uid).not.toBe(before.metadata.uid);
  expect(after.status?.uuid).toBe(before.status?.uuid);
  const reported = async (): Promise<unknown> =>
    (await parents()).flatMap(({ status }) => (status?.devices ?? []).filter(({ uuid }) => uuid === after.status?.uuid));
  await expect.poll(reported, patience).toMatchObject([{ owner: { uid: after.metadata.uid } }]);
  expect(await reported()).not.toMatchObject([{ orphaned: true }]);
});

it('publishes its parents for a Node that was made anew, and removes nothing', async () => {
  const before = await device();
  await run('delete', 'node', node);
  await expect.poll(parents, patience).toEqual([]);
  await createNode();
  const uid = await nodeUID();
  const owners = async (): Promise<string[]> => [
    ...new Set((await parents()).flatMap(({ metadata }) => (metadata.ownerReferences ?? []).map((owner) => owner.uid))),
  ];
  await expect.poll(owners, patience).toEqual([uid]);
  await expect.poll(presence, patience).toEqual(['Present']);
  const leaseOwner = async (): Promise<string> =>
    run('get', 'lease', '--namespace=kube-node-lease', `mdev-${node}`, '-o', 'jsonpath={.metadata.ownerReferences[0].uid}');
  await expect.poll(leaseOwner, patience).toBe(uid);
  expect((await device()).status?.uuid).toBe(before.status?.uuid);
  expect(await ready()).toBe('True Ready');
});

it('keeps a parent that an administrator has set something on while there is no Node object', async () => {
  const before = await parents();
  const [set, ...others] = before;
  const name = set?.metadata.name ?? '';
  await run('patch', 'mdevparent', name, '--type=merge', '-p', '{"spec":{"unschedulable":true}}');
  const owners = (parent: string): Promise<string> => run('get', 'mdevparent', parent, '-o', 'jsonpath={.metadata.ownerReferences[*].uid}');
  await expect.poll(() => owners(name), patience).toBe('');
  await run('delete', 'node', node);
  // The collector takes those that nobody has set anything on.
  expect(others.length).toBeGreaterThan(0);
  await expect.poll(async () => (await parents()).map(({ metadata }) => metadata.uid), patience).toEqual([set?.metadata.uid]);
  await createNode();
  await expect.poll(async () => (await parents()).length, patience).toBe(before.length);
  expect(await run('get', 'mdevparent', name, '-o', 'jsonpath={.metadata.uid} {.spec.unschedulable}')).toBe(
    `${set?.metadata.uid ?? ''} true`,
  );
  await run('patch', 'mdevparent', name, '--type=merge', '-p', '{"spec":{"unschedulable":null}}');
  await expect.poll(() => owners(name), patience).toBe(await nodeUID());
});
