/**
 * The Kubernetes messages that clients may send as protobuf, by the field numbers of their generated.proto files. Fields that
 * this server has no use for are left out: they are skipped.
 */
import type { INamespace } from 'protobufjs/light.js';

/** Field name -> number and type; `[]` before the type marks a list, `{}` a map from text. */
type Fields = { readonly [name: string]: readonly [id: number, type: string] };

const messages: { readonly [message: string]: Fields } = {
  Unknown: { typeMeta: [1, 'TypeMeta'], raw: [2, 'bytes'] },
  TypeMeta: { apiVersion: [1, 'string'], kind: [2, 'string'] },
  Time: { seconds: [1, 'int64'], nanos: [2, 'int32'] },
  MicroTime: { seconds: [1, 'int64'], nanos: [2, 'int32'] },
  Quantity: { string: [1, 'string'] },
  FieldsV1: { Raw: [1, 'bytes'] },
  ObjectMeta: {
    name: [1, 'string'],
    generateName: [2, 'string'],
    namespace: [3, 'string'],
    selfLink: [4, 'string'],
    uid: [5, 'string'],
    resourceVersion: [6, 'string'],
    generation: [7, 'int64'],
    creationTimestamp: [8, 'Time'],
    deletionTimestamp: [9, 'Time'],
    deletionGracePeriodSeconds: [10, 'int64'],
    labels: [11, '{}string'],
    annotations: [12, '{}string'],
    ownerReferences: [13, '[]OwnerReference'],
    finalizers: [14, '[]string'],
    managedFields: [17, '[]ManagedFieldsEntry'],
  },
  OwnerReference: {
    kind: [1, 'string'],
    name: [3, 'string'],
    uid: [4, 'string'],
    apiVersion: [5, 'string'],
    controller: [6, 'bool'],
    blockOwnerDeletion: [7, 'bool'],
  },
  ManagedFieldsEntry: {
    manager: [1, 'string'],
    operation: [2, 'string'],
    apiVersion: [3, 'string'],
    time: [4, 'Time'],
    fieldsType: [6, 'string'],
    fieldsV1: [7, 'FieldsV1'],
    subresource: [8, 'string'],
  },
  DeleteOptions: {
    gracePeriodSeconds: [1, 'int64'],
    preconditions: [2, 'Preconditions'],
    orphanDependents: [3, 'bool'],
    propagationPolicy: [4, 'string'],
    dryRun: [5, '[]string'],
  },
  Preconditions: { uid: [1, 'string'], resourceVersion: [2, 'string'] },
  Namespace: { metadata: [1, 'ObjectMeta'], spec: [2, 'NamespaceSpec'], status: [3, 'NamespaceStatus'] },
  NamespaceSpec: { finalizers: [1, '[]string'] },
  NamespaceStatus: { phase: [1, 'string'], conditions: [2, '[]Condition'] },
  Condition: {
    type: [1, 'string'],
    status: [2, 'string'],
    lastTransitionTime: [4, 'Time'],
    reason: [5, 'string'],
    message: [6, 'string'],
  },
  Lease: { metadata: [1, 'ObjectMeta'], spec: [2, 'LeaseSpec'] },
  LeaseSpec: {
    holderIdentity: [1, 'string'],
    leaseDurationSeconds: [2, 'int32'],
    acquireTime: [3, 'MicroTime'],
    renewTime: [4, 'MicroTime'],
    leaseTransitions: [5, 'int32'],
    strategy: [6, 'string'],
    preferredHolder: [7, 'string'],
  },
  ObjectReference: {
    kind: [1, 'string'],
    namespace: [2, 'string'],
    name: [3, 'string'],
    uid: [4, 'string'],
    apiVersion: [5, 'string'],
    resourceVersion: [6, 'string'],
    fieldPath: [7, 'string'],
  },
  EventSource: { component: [1, 'string'], host: [2, 'string'] },
  EventSeries: { count: [1, 'int32'], lastObservedTime: [2, 'MicroTime'] },
  CoreEvent: {
    metadata: [1, 'ObjectMeta'],
    involvedObject: [2, 'ObjectReference'],
    reason: [3, 'string'],
    message: [4, 'string'],
    source: [5, 'EventSource'],
    firstTimestamp: [6, 'Time'],
    lastTimestamp: [7, 'Time'],
    count: [8, 'int32'],
    type: [9, 'string'],
    eventTime: [10, 'MicroTime'],
    series: [11, 'EventSeries'],
    action: [12, 'string'],
    related: [13, 'ObjectReference'],
    reportingComponent: [14, 'string'],
    reportingInstance: [15, 'string'],
  },
  EventsEvent: {
    metadata: [1, 'ObjectMeta'],
    eventTime: [2, 'MicroTime'],
    series: [3, 'EventSeries'],
    reportingController: [4, 'string'],
    reportingInstance: [5, 'string'],
    action: [6, 'string'],
    reason: [7, 'string'],
    regarding: [8, 'ObjectReference'],
    related: [9, 'ObjectReference'],
    note: [10, 'string'],
    type: [11, 'string'],
    deprecatedSource: [12, 'EventSource'],
    deprecatedFirstTimestamp: [13, 'Time'],
    deprecatedLastTimestamp: [14, 'Time'],
    deprecatedCount: [15, 'int32'],
  },
  Node: { metadata: [1, 'ObjectMeta'], spec: [2, 'NodeSpec'], status: [3, 'NodeStatus'] },
  NodeSpec: {
    podCIDR: [1, 'string'],
    externalID: [2, 'string'],
    providerID: [3, 'string'],
    unschedulable: [4, 'bool'],
    taints: [5, '[]Taint'],
    podCIDRs: [7, '[]string'],
  },
  Taint: { key: [1, 'string'], value: [2, 'string'], effect: [3, 'string'], timeAdded: [4, 'Time'] },
  NodeStatus: {
    capacity: [1, '{}Quantity'],
    allocatable: [2, '{}Quantity'],
    phase: [3, 'string'],
    conditions: [4, '[]NodeCondition'],
    addresses: [5, '[]NodeAddress'],
    daemonEndpoints: [6, 'NodeDaemonEndpoints'],
    nodeInfo: [7, 'NodeSystemInfo'],
    volumesInUse: [9, '[]string'],
  },
  NodeCondition: {
    type: [1, 'string'],
    status: [2, 'string'],
    lastHeartbeatTime: [3, 'Time'],
    lastTransitionTime: [4, 'Time'],
    reason: [5, 'string'],
    message: [6, 'string'],
  },
  NodeAddress: { type: [1, 'string'], address: [2, 'string'] },
  NodeDaemonEndpoints: { kubeletEndpoint: [1, 'DaemonEndpoint'] },
  DaemonEndpoint: { Port: [1, 'int32'] },
  NodeSystemInfo: {
    machineID: [1, 'string'],
    systemUUID: [2, 'string'],
    bootID: [3, 'string'],
    kernelVersion: [4, 'string'],
    osImage: [5, 'string'],
    containerRuntimeVersion: [6, 'string'],
    kubeletVersion: [7, 'string'],
    kubeProxyVersion: [8, 'string'],
    operatingSystem: [9, 'string'],
    architecture: [10, 'string'],
  },
  SelfSubjectAccessReview: { metadata: [1, 'ObjectMeta'], spec: [2, 'SelfSubjectAccessReviewSpec'] },
  SelfSubjectAccessReviewSpec: { resourceAttributes: [1, 'ResourceAttributes'], nonResourceAttributes: [2, 'NonResourceAttributes'] },
  ResourceAttributes: {
    namespace: [1, 'string'],
    verb: [2, 'string'],
    group: [3, 'string'],
    version: [4, 'string'],
    resource: [5, 'string'],
    subresource: [6, 'string'],
    name: [7, 'string'],
  },
  NonResourceAttributes: { path: [1, 'string'], verb: [2, 'string'] },
  SelfSubjectRulesReview: { metadata: [1, 'ObjectMeta'], spec: [2, 'SelfSubjectRulesReviewSpec'] },
  SelfSubjectRulesReviewSpec: { namespace: [1, 'string'] },
  SelfSubjectReview: { metadata: [1, 'ObjectMeta'] },
};

/** The message of each kind, by apiVersion and kind. */
const kinds: ReadonlyMap<string, string> = new Map([
  ['v1 Namespace', 'Namespace'],
  ['v1 Node', 'Node'],
  ['v1 Event', 'CoreEvent'],
  ['events.k8s.io/v1 Event', 'EventsEvent'],
  ['coordination.k8s.io/v1 Lease', 'Lease'],
  ['authorization.k8s.io/v1 SelfSubjectAccessReview', 'SelfSubjectAccessReview'],
  ['authorization.k8s.io/v1 SelfSubjectRulesReview', 'SelfSubjectRulesReview'],
  ['authentication.k8s.io/v1 SelfSubjectReview', 'SelfSubjectReview'],
]);

/** The name of the message that holds an object; undefined for a kind that is not read from protobuf. */
export function messageOf(apiVersion: string, kind: string): string | undefined {
  // Options are sent under the version of the resource they are for.
  return kind === 'DeleteOptions' ? kind : kinds.get(`${apiVersion} ${kind}`);
}

/** The messages as protobufjs reads them. */
export function kubernetesMessages(): INamespace {
  const nested = Object.entries(messages).map(([name, fields]) => [
    name,
    { fields: Object.fromEntries(Object.entries(fields).map(field)) },
  ]);
  return { nested: Object.fromEntries(nested) as NonNullable<INamespace['nested']> };
}

function field([name, [id, type]]: [string, readonly [number, string]]): [string, object] {
  if (type.startsWith('[]')) return [name, { id, type: type.slice(2), rule: 'repeated' }];
  return [name, type.startsWith('{}') ? { id, keyType: 'string', type: type.slice(2) } : { id, type }];
}
