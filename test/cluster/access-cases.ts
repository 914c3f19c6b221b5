/** Who may ask what of the API server: every verb that deploy/base/rbac.yaml gives, and what must be refused. */
import type { RawRequest } from './raw-client.ts';

export type Role = 'agent' | 'agent of no node' | 'controller';
/** Who refuses: the rights, or the policies that hold an agent to its node. */
export type Outcome = 'allowed' | 'refused by RBAC' | 'refused by policy';

export interface AccessCase {
  readonly role: Role;
  readonly verb: string;
  readonly resource: string;
  /** Which object, or what about it. */
  readonly what: string;
  readonly expected: Outcome;
  readonly request: RawRequest;
}

type Content = 'apply' | 'merge' | 'json';
const contentTypes: Record<Content, string> = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
};

const mediated = '/apis/mediated.dev/v1alpha1';
const core = '/api/v1';
const lease = (namespace: string, name = ''): string => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases${name && `/${name}`}`;
const device = (name = ''): string => `${mediated}/namespaces/default/mdevdevices${name && `/${name}`}`;
const parent = (name = ''): string => `${mediated}/mdevparents${name && `/${name}`}`;
const set = `${mediated}/namespaces/default/mdevdevicesets`;

const get = (path: string): RawRequest => ({ path });
/** Held open until the server has answered, for which a second is enough. */
const watch = (path: string): RawRequest => ({ path: `${path}?watch=true&timeoutSeconds=1` });
// Nothing is written: admission judges a dry run as it judges the deed.
const create = (path: string, object: object): RawRequest => ({
  method: 'POST',
  path: `${path}?dryRun=All`,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(object),
});
const patch = (type: Content, path: string, body: object): RawRequest => ({
  method: 'PATCH',
  path: `${path}?dryRun=All${type === 'apply' ? '&fieldManager=access-test&force=true' : ''}`,
  headers: { 'content-type': contentTypes[type] },
  body: JSON.stringify(body),
});
const replace = (path: string, object: object): RawRequest => ({ ...create(path, object), method: 'PUT' });
const remove = (path: string): RawRequest => ({ method: 'DELETE', path: `${path}?dryRun=All` });

const applied = (kind: string, body: object, apiVersion = 'mediated.dev/v1alpha1'): object => ({ apiVersion, kind, ...body });
const applyStatus = (path: string, kind: string, status: object): RawRequest => patch('apply', `${path}/status`, applied(kind, { status }));
const leaseOf = (name: string, metadata: object = {}): object =>
  applied(
    'Lease',
    { metadata: { name, ...metadata }, spec: { holderIdentity: 'access-test', leaseDurationSeconds: 40 } },
    'coordination.k8s.io/v1',
  );
const event = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { generateName: 'access-' },
  involvedObject: { namespace: 'default' },
  reason: 'Access',
};
const newDevice = applied('MdevDevice', { metadata: { name: 'new' }, spec: { type: { id: 'mtty-1' } } });
const newParent = (nodeName: string, spec: object = {}, metadata: object = {}): RawRequest =>
  patch(
    'apply',
    parent('new'),
    applied('MdevParent', { metadata: { name: 'new', ...metadata }, spec: { nodeName, parent: 'mtty', ...spec } }),
  );
const created = { type: 'Created', status: 'True', reason: 'Created', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
const allocation = { nodeName: 'node-1', parentName: 'elsewhere', typeID: 'mtty-1' };

const rows = (
  role: Role,
  ...cases: readonly (readonly [verb: string, resource: string, what: string, expected: Outcome, request: RawRequest])[]
): AccessCase[] => cases.map(([verb, resource, what, expected, request]) => ({ role, verb, resource, what, expected, request }));

/** SET-UID and LEASE-VERSION stand for what is known when the set and the controller's Lease are there. The agent is that of node-1; `ours` and `leaving` are allocated there, `theirs` to node-2, `free` nowhere. */
export const accessCases: readonly AccessCase[] = [
  ...rows(
    'agent',
    ['list', 'mdevdevices', 'all', 'allowed', get(device())],
    ['watch', 'mdevdevices', 'all', 'allowed', watch(device())],
    ['get', 'mdevdevices', 'one', 'allowed', get(device('ours'))],
    ['patch', 'mdevdevices/status', 'its own', 'allowed', applyStatus(device('ours'), 'MdevDevice', { conditions: [created] })],
    [
      'patch',
      'mdevdevices',
      'its finalizer, when the device is deleted',
      'allowed',
      patch('json', device('leaving'), [{ op: 'remove', path: '/metadata/finalizers/0' }]),
    ],
    [
      'patch',
      'mdevdevices',
      'its finalizer, when it is not',
      'refused by policy',
      patch('json', device('ours'), [{ op: 'remove', path: '/metadata/finalizers/0' }]),
    ],
    [
      'patch',
      'mdevdevices',
      "somebody else's finalizer",
      'refused by policy',
      patch('json', device('leaving'), [{ op: 'remove', path: '/metadata/finalizers/1' }]),
    ],
    ['patch', 'mdevdevices', 'spec', 'refused by policy', patch('merge', device('ours'), { spec: { online: false } })],
    ['patch', 'mdevdevices', 'a label', 'refused by policy', patch('merge', device('ours'), { metadata: { labels: { a: 'b' } } })],
    [
      'patch',
      'mdevdevices/status',
      'its place: another parent',
      'refused by policy',
      applyStatus(device('ours'), 'MdevDevice', { allocation }),
    ],
    [
      'patch',
      'mdevdevices/status',
      'condition Allocated',
      'refused by policy',
      applyStatus(device('ours'), 'MdevDevice', { conditions: [{ ...created, type: 'Allocated' }] }),
    ],
    ['patch', 'mdevdevices/status', 'allocating to itself', 'refused by policy', applyStatus(device('free'), 'MdevDevice', { allocation })],
    [
      'patch',
      'mdevdevices/status',
      "another node's",
      'refused by policy',
      applyStatus(device('theirs'), 'MdevDevice', { conditions: [created] }),
    ],
    [
      'patch',
      'mdevdevices/status',
      'taking from another node',
      'refused by policy',
      applyStatus(device('theirs'), 'MdevDevice', { allocation }),
    ],
    [
      'patch',
      'mdevdevices',
      "another node's finalizer",
      'refused by policy',
      patch('json', device('theirs'), [{ op: 'remove', path: '/metadata/finalizers/0' }]),
    ],
    ['update', 'mdevdevices', 'its own', 'refused by RBAC', replace(device('ours'), newDevice)],
    ['update', 'mdevdevices/status', 'its own', 'refused by RBAC', replace(`${device('ours')}/status`, newDevice)],
    ['create', 'mdevdevices', 'one', 'refused by RBAC', create(device(), newDevice)],
    ['delete', 'mdevdevices', 'its own', 'refused by RBAC', remove(device('ours'))],
    ['deletecollection', 'mdevdevices', 'all', 'refused by RBAC', remove(device())],
    ['get', 'mdevparents', 'one', 'allowed', get(parent('parent-1'))],
    ['list', 'mdevparents', 'all', 'allowed', get(parent())],
    ['watch', 'mdevparents', 'all', 'allowed', watch(parent())],
    ['create', 'mdevparents', 'its own', 'allowed', newParent('node-1')],
    ['create', 'mdevparents', "another node's", 'refused by policy', newParent('node-2')],
    ['create', 'mdevparents', 'with allowedTypes', 'refused by policy', newParent('node-1', { allowedTypes: ['mtty-1'] })],
    ['patch', 'mdevparents', 'labels of its own', 'allowed', patch('merge', parent('parent-1'), { metadata: { labels: { a: 'b' } } })],
    [
      'patch',
      'mdevparents',
      'spec.unschedulable of its own',
      'refused by policy',
      patch('merge', parent('parent-1'), { spec: { unschedulable: true } }),
    ],
    [
      'create',
      'mdevparents',
      "another Node's",
      'refused by policy',
      newParent('node-1', {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'node-2', uid: 'x' }] }),
    ],
    [
      'patch',
      'mdevparents',
      "another node's",
      'refused by policy',
      patch('merge', parent('parent-2'), { metadata: { labels: { a: 'b' } } }),
    ],
    [
      'delete',
      'mdevparents',
      'the owner off its own',
      'allowed',
      patch('merge', parent('parent-1'), { metadata: { ownerReferences: [] } }),
    ],
    ['patch', 'mdevparents/status', 'its own', 'allowed', applyStatus(parent('parent-1'), 'MdevParent', { driver: 'mtty' })],
    [
      'patch',
      'mdevparents/status',
      "another node's",
      'refused by policy',
      applyStatus(parent('parent-2'), 'MdevParent', { driver: 'mtty' }),
    ],
    ['delete', 'mdevparents', 'its own', 'refused by policy', remove(parent('parent-1'))],
    ['get', 'leases', 'one', 'allowed', get(lease('kube-node-lease', 'mdev-node-2'))],
    ['create', 'leases', 'its own', 'allowed', create(lease('kube-node-lease'), leaseOf('mdev-node-1'))],
    ['patch', 'leases', 'its own', 'allowed', patch('apply', lease('kube-node-lease', 'mdev-node-1'), leaseOf('mdev-node-1'))],
    [
      'patch',
      'leases',
      "another agent's",
      'refused by policy',
      patch('apply', lease('kube-node-lease', 'mdev-node-2'), leaseOf('mdev-node-2')),
    ],
    ['patch', 'leases', "its node's kubelet's", 'refused by policy', patch('apply', lease('kube-node-lease', 'node-1'), leaseOf('node-1'))],
    [
      'patch',
      'leases',
      "the controller's",
      'refused by RBAC',
      patch('apply', lease('kube-system', 'mdev-controller'), leaseOf('mdev-controller')),
    ],
    ['get', 'nodes', 'one', 'allowed', get(`${core}/nodes/node-1`)],
    ['list', 'nodes', 'all', 'refused by RBAC', get(`${core}/nodes`)],
    ['patch', 'nodes', 'its own', 'refused by RBAC', patch('merge', `${core}/nodes/node-1`, { spec: { unschedulable: true } })],
    ['get', 'namespaces', 'kube-system', 'allowed', get(`${core}/namespaces/kube-system`)],
    ['get', 'namespaces', 'another', 'refused by RBAC', get(`${core}/namespaces/default`)],
    ['create', 'events', 'one', 'allowed', create(`${core}/namespaces/default/events`, event)],
    ['patch', 'events', 'one', 'allowed', patch('merge', `${core}/namespaces/default/events/known`, { count: 2 })],
    ['get', 'secrets', 'one', 'refused by RBAC', get(`${core}/namespaces/default/secrets/secret`)],
    ['list', 'secrets', "the operator's namespace", 'refused by RBAC', get(`${core}/namespaces/mdev-system/secrets`)],
    ['list', 'mdevclasses', 'all', 'refused by RBAC', get(`${mediated}/mdevclasses`)],
    [
      'create',
      'serviceaccounts/token',
      "the controller's",
      'refused by RBAC',
      create(
        `${core}/namespaces/mdev-system/serviceaccounts/mdev-controller/token`,
        applied('TokenRequest', {}, 'authentication.k8s.io/v1'),
      ),
    ],
    [
      'impersonate',
      'serviceaccounts',
      'the controller',
      'refused by RBAC',
      { ...get(device()), headers: { 'impersonate-user': 'system:serviceaccount:mdev-system:mdev-controller' } },
    ],
    [
      'delete',
      'validatingadmissionpolicies',
      'what holds it',
      'refused by RBAC',
      remove('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/agent-devices.mediated.dev'),
    ],
    ['list', 'pods', 'all', 'refused by RBAC', get(`${core}/pods`)],
  ),
  ...rows(
    'agent of no node',
    ['patch', 'mdevdevices/status', 'any', 'refused by policy', applyStatus(device('ours'), 'MdevDevice', { conditions: [created] })],
    [
      'patch',
      'mdevdevices/status',
      'one that is nowhere',
      'refused by policy',
      applyStatus(device('free'), 'MdevDevice', { conditions: [created] }),
    ],
    ['create', 'mdevparents', 'any', 'refused by policy', newParent('node-1')],
    ['patch', 'mdevparents/status', 'any', 'refused by policy', applyStatus(parent('parent-1'), 'MdevParent', { driver: 'mtty' })],
    ['patch', 'leases', 'any', 'refused by policy', patch('apply', lease('kube-node-lease', 'mdev-node-1'), leaseOf('mdev-node-1'))],
  ),
  ...rows(
    'controller',
    ['get', 'mdevdevices', 'one', 'allowed', get(device('ours'))],
    ['list', 'mdevdevices', 'all', 'allowed', get(`${mediated}/mdevdevices`)],
    ['watch', 'mdevdevices', 'all', 'allowed', watch(`${mediated}/mdevdevices`)],
    ['create', 'mdevdevices', "a set's", 'allowed', create(device(), newDevice)],
    [
      'patch',
      'mdevdevices',
      'its finalizer',
      'allowed',
      patch('merge', device('free'), { metadata: { finalizers: ['mediated.dev/device'] } }),
    ],
    ['delete', 'mdevdevices', "a set's", 'allowed', remove(device('free'))],
    ['update', 'mdevdevices', 'one', 'refused by RBAC', replace(device('ours'), newDevice)],
    ['patch', 'mdevdevices/status', 'allocating', 'allowed', applyStatus(device('free'), 'MdevDevice', { allocation })],
    ['patch', 'mdevparents/status', 'of a lost node', 'allowed', applyStatus(parent('parent-1'), 'MdevParent', { driver: 'mtty' })],
    ['patch', 'mdevdevicesets/status', 'one', 'allowed', applyStatus(`${set}/set`, 'MdevDeviceSet', { replicas: 1 })],
    [
      'update',
      'mdevdevicesets/finalizers',
      'a device that blocks its set',
      'allowed',
      create(
        device(),
        applied('MdevDevice', {
          metadata: {
            name: 'owned',
            ownerReferences: [
              { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDeviceSet', name: 'set', uid: 'SET-UID', blockOwnerDeletion: true },
            ],
          },
          spec: { type: { id: 'mtty-1' } },
        }),
      ),
    ],
    ...(['mdevparents', 'mdevclasses', 'mdevdevicesets'] as const).flatMap((resource) =>
      readRows(
        resource,
        `${mediated}/${resource}`,
        resource === 'mdevdevicesets' ? `${set}/set` : `${mediated}/${resource}/${resource === 'mdevparents' ? 'parent-1' : 'class'}`,
      ),
    ),
    ['patch', 'mdevparents', 'spec', 'refused by RBAC', patch('merge', parent('parent-1'), { spec: { unschedulable: true } })],
    ['patch', 'mdevdevicesets', 'spec', 'refused by RBAC', patch('merge', `${set}/set`, { spec: { replicas: 9 } })],
    [
      'patch',
      'mdevclasses',
      'one',
      'refused by RBAC',
      patch('merge', `${mediated}/mdevclasses/class`, { metadata: { labels: { a: 'b' } } }),
    ],
    ...readRows('nodes', `${core}/nodes`, `${core}/nodes/node-1`),
    ...readRows('namespaces', `${core}/namespaces`, `${core}/namespaces/default`),
    ['patch', 'nodes', 'one', 'refused by RBAC', patch('merge', `${core}/nodes/node-1`, { spec: { unschedulable: true } })],
    ['create', 'events', 'one', 'allowed', create(`${core}/namespaces/default/events`, event)],
    ['patch', 'events', 'one', 'allowed', patch('merge', `${core}/namespaces/default/events/known`, { count: 2 })],
    ...readRows('leases', lease('kube-node-lease'), lease('kube-node-lease', 'mdev-node-2')),
    ['patch', 'leases', "an agent's", 'refused by RBAC', patch('apply', lease('kube-node-lease', 'mdev-node-1'), leaseOf('mdev-node-1'))],
    ['create', 'leases', 'its own', 'allowed', create(lease('kube-system'), leaseOf('mdev-controller-new'))],
    ['get', 'leases', 'its own', 'allowed', get(lease('kube-system', 'mdev-controller'))],
    [
      'update',
      'leases',
      'its own',
      'allowed',
      replace(lease('kube-system', 'mdev-controller'), leaseOf('mdev-controller', { resourceVersion: 'LEASE-VERSION' })),
    ],
    [
      'patch',
      'leases',
      "the scheduler's",
      'refused by RBAC',
      patch('apply', lease('kube-system', 'kube-scheduler'), leaseOf('kube-scheduler')),
    ],
    ['get', 'secrets', 'one', 'refused by RBAC', get(`${core}/namespaces/default/secrets/secret`)],
    ['list', 'secrets', 'all', 'refused by RBAC', get(`${core}/secrets`)],
    ['list', 'pods', 'all', 'refused by RBAC', get(`${core}/pods`)],
    ['impersonate', 'users', 'an administrator', 'refused by RBAC', { ...get(device()), headers: { 'impersonate-user': 'admin' } }],
    ['create', 'clusterrolebindings', 'one', 'refused by RBAC', create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {})],
  ),
];

function readRows(resource: string, all: string, one: string): (readonly [string, string, string, Outcome, RawRequest])[] {
  return [
    ['get', resource, 'one', 'allowed', get(one)],
    ['list', resource, 'all', 'allowed', get(all)],
    ['watch', resource, 'all', 'allowed', watch(all)],
  ];
}
