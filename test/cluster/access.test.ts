/** What agent and controller may do with real tokens on a real API server, and what is refused, and by whom. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kubectlOk } from '../support/kubectl.ts';
import { repository } from '../support/operator-command.ts';
import { type AccessCase, accessCases, type Role } from './access-cases.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { installCrds } from './install-crds.ts';
import { RawClient } from './raw-client.ts';
import { deployAccounts, kubeconfigOf } from './service-accounts.ts';

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}
interface RbacObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly Rule[];
}

const device = (name: string, metadata: object = {}): object => ({
  apiVersion: 'mediated.dev/v1alpha1',
  kind: 'MdevDevice',
  metadata: { name, ...metadata },
  spec: { type: { id: 'mtty-1' } },
});
const parent = (number: number): object => ({
  apiVersion: 'mediated.dev/v1alpha1',
  kind: 'MdevParent',
  metadata: {
    name: `parent-${number}`,
    ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: `node-${number}`, uid: 'of-the-node' }],
  },
  spec: { nodeName: `node-${number}`, parent: 'mtty' },
});
const lease = (namespace: string, name: string): object => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace, name },
  spec: { holderIdentity: 'x' },
});
const finalizers = ['mediated.dev/device', 'example.com/other'];
const objects = [
  ...[1, 2].map((number) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: `node-${number}` } })),
  ...['ours', 'theirs', 'leaving'].map((name) => device(name, { finalizers })),
  device('free'),
  parent(1),
  parent(2),
  lease('kube-node-lease', 'node-1'),
  lease('kube-node-lease', 'mdev-node-2'),
  lease('kube-system', 'mdev-controller'),
  lease('kube-system', 'kube-scheduler'),
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secret' }, stringData: { password: 'x' } },
  { apiVersion: 'v1', kind: 'Event', metadata: { name: 'known' }, involvedObject: { namespace: 'default' }, reason: 'Known', count: 1 },
  { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevClass', metadata: { name: 'class' }, spec: {} },
  {
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDeviceSet',
    metadata: { name: 'set' },
    spec: { replicas: 1, template: { spec: { type: { id: 'mtty-1' } } } },
  },
];

let cluster: ControlPlane;
let directory: string;
let setUID: string;
let leaseVersion: string;
const clients = new Map<Role, RawClient>();

const run = (...args: string[]): Promise<string> => kubectlOk(cluster.kubeconfig, args);
const allocate = (name: string, nodeName: string): Promise<string> =>
  run(
    ...['patch', 'mdevdevice', name, '--subresource=status', '--type=merge', '--patch'],
    JSON.stringify({ status: { allocation: { nodeName, parentName: 'parent', typeID: 'mtty-1' } } }),
  );

beforeAll(async () => {
  const emulatedVersion = inject('emulatedVersion');
  cluster = await startControlPlane({
    bin: inject('binaries'),
    controllers: ['namespace-controller'],
    // As careful clusters have it: who makes an object block the deletion of its owner needs a right on that.
    apiServerFlags: ['--enable-admission-plugins=OwnerReferencesPermissionEnforcement'],
    ...(emulatedVersion !== undefined && { emulatedVersion }),
  });
  await installCrds(cluster.kubeconfig);
  for (const object of objects) await kubectlOk(cluster.kubeconfig, ['create', '-f', '-'], { input: JSON.stringify(object) });
  await allocate('ours', 'node-1');
  await allocate('leaving', 'node-1');
  await allocate('theirs', 'node-2');
  await run('delete', 'mdevdevice', 'leaving', '--wait=false');
  setUID = await run('get', 'mdevdeviceset', 'set', '-o', 'jsonpath={.metadata.uid}');
  leaseVersion = await run('get', 'lease', '-n', 'kube-system', 'mdev-controller', '-o', 'jsonpath={.metadata.resourceVersion}');
  directory = await mkdtemp(join(tmpdir(), 'mdev-access-'));
  const accounts = await deployAccounts(cluster.kubeconfig, directory);
  const kubeconfigs: Record<Role, string> = {
    agent: await accounts.agentOf('node-1'),
    'agent of no node': await kubeconfigOf(cluster.kubeconfig, join(directory, 'unbound.kubeconfig'), 'mdev-agent'),
    controller: accounts.controller,
  };
  for (const role of Object.keys(kubeconfigs) as Role[]) clients.set(role, await RawClient.fromKubeconfig(kubeconfigs[role]));
});
afterAll(async () => {
  for (const client of clients.values()) client.close();
  await cluster.stop();
  await rm(directory, { recursive: true });
});

/** What the server makes of it; the text of anything that is neither a yes nor a no to who asks. */
async function outcomeOf({ role, request }: AccessCase): Promise<string> {
  const body =
    typeof request.body === 'string' ? request.body.replace('SET-UID', setUID).replace('LEASE-VERSION', leaseVersion) : undefined;
  const answer = await clients.get(role)?.request({ ...request, ...(body !== undefined && { body }) });
  if (answer === undefined) return 'not asked';
  if (answer.status < 300) return 'allowed';
  if (answer.status !== 403) return `${answer.status}: ${answer.body}`;
  return /ValidatingAdmissionPolicy '[a-z-]+\.mediated\.dev'/.test(answer.body) ? 'refused by policy' : 'refused by RBAC';
}

it('lets each role do what it needs, and refuses the rest', { timeout: 180_000 }, async () => {
  // A policy counts some moments after it was made.
  const slowest = ['mdevdevices/status', 'mdevparents/status', 'leases'].map((resource) =>
    accessCases.find((each) => each.role === 'agent of no node' && each.resource === resource),
  );
  for (const each of slowest) {
    if (each === undefined) throw new Error('There is nothing by which to know that the policies count');
    await expect.poll(() => outcomeOf(each), { timeout: 60_000 }).toBe('refused by policy');
  }
  const seen: (readonly [AccessCase, string])[] = [];
  for (const each of accessCases) seen.push([each, await outcomeOf(each)]);
  process.stdout.write(
    `${table([['ROLE', 'VERB', 'RESOURCE', 'WHAT', 'EXPECTED', 'SEEN'], ...seen.map(([each, outcome]) => [...cells(each), outcome])])}\n`,
  );
  expect(seen.filter(([{ expected }, outcome]) => outcome !== expected).map(([each, outcome]) => [...cells(each), outcome])).toEqual([]);
});

it('has a case for every verb that deploy/base/rbac.yaml gives', async () => {
  const text = await readFile(new URL('deploy/base/rbac.yaml', repository), 'utf8');
  const roles = parseAllDocuments(text).map((document) => document.toJS() as RbacObject);
  const given = roles.flatMap(({ metadata, rules = [] }) =>
    rules.flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${metadata.name.replace('mdev-', '')} ${verb} ${resource}`)),
    ),
  );
  const tried = new Set(
    accessCases.filter(({ expected }) => expected === 'allowed').map(({ role, verb, resource }) => `${role} ${verb} ${resource}`),
  );
  expect(given.length).toBeGreaterThan(0);
  expect([...new Set(given)].sort()).toEqual([...tried].sort());
});

it('tells an agent in a sentence why it may not', async () => {
  const theirs = accessCases.find(({ resource, what }) => resource === 'mdevparents/status' && what === "another node's");
  const answer = theirs && (await clients.get('agent')?.request(theirs.request));
  expect(answer?.body).toContain('The agent of node node-1 may write only MdevParents of that node.');
});

function cells({ role, verb, resource, what, expected }: AccessCase): string[] {
  return [role, verb, resource, what, expected];
}

function table(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
