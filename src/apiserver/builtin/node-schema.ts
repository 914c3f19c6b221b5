/** The schema of core/v1 Node. */
import { timeSchema, topLevel } from './meta-schema.ts';
import { always, atomicList, flag, int32, int64, keyedList, mapOf, requiredText, setList, struct, text, use } from './type-builders.ts';
import type { TypeSchema } from './type-schema.ts';

const CORE = 'io.k8s.api.core.v1';

/** A quantity such as `500m` or `4Gi`; numbers are accepted too. */
export const quantitySchema: TypeSchema = {
  definition: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  description: 'A number with an optional suffix: m, k, M, G, T, P, E or Ki, Mi, Gi, Ti, Pi, Ei.',
  'x-kubernetes-int-or-string': true,
};

const quantities = (description: string): TypeSchema => ({ ...mapOf(quantitySchema, description), goType: 'v1.ResourceList' });
const string: TypeSchema = { type: 'string', default: '' };

const configSource = struct(`${CORE}.NodeConfigSource`, 'Where a kubelet took its configuration from; no longer used.', {
  configMap: struct(
    `${CORE}.ConfigMapNodeConfigSource`,
    'A ConfigMap with a kubelet configuration; no longer used.',
    {
      kubeletConfigKey: requiredText('The key in the ConfigMap.'),
      name: requiredText('The name of the ConfigMap.'),
      namespace: requiredText('The namespace of the ConfigMap.'),
      resourceVersion: text('The version of the ConfigMap.'),
      uid: text('The UID of the ConfigMap.'),
    },
    ['namespace', 'name', 'kubeletConfigKey'],
  ),
});

const taint = struct(
  `${CORE}.Taint`,
  'Keeps away pods that do not tolerate it.',
  {
    effect: requiredText('NoSchedule, PreferNoSchedule or NoExecute.', 'v1.TaintEffect'),
    key: requiredText('The key of the taint.'),
    timeAdded: use(timeSchema, 'When the taint was added.'),
    value: text('The value of the taint.'),
  },
  ['key', 'effect'],
);

const spec = struct(`${CORE}.NodeSpec`, 'How a node behaves.', {
  configSource: use(configSource, 'No longer used.'),
  externalID: text('No longer used.'),
  podCIDR: text('The range of IP addresses of the pods on the node.'),
  podCIDRs: setList(string, 'The ranges of IP addresses of the pods on the node, one for each IP family.'),
  providerID: text('The name of the machine at its cloud provider.'),
  taints: atomicList(taint, 'What keeps pods away from the node.'),
  unschedulable: flag('No new pods are put on the node.'),
});

const condition = struct(
  `${CORE}.NodeCondition`,
  'One aspect of the state of a node.',
  {
    lastHeartbeatTime: use(timeSchema, 'When the condition was last reported.', { always: true, nullable: true }),
    lastTransitionTime: use(timeSchema, 'When the status last changed.', { always: true, nullable: true }),
    message: text('The reason, for people.'),
    reason: text('The reason, for programs.'),
    status: requiredText('True, False or Unknown.', 'v1.ConditionStatus'),
    type: requiredText('The aspect, e.g. Ready.', 'v1.NodeConditionType'),
  },
  ['type', 'status'],
);

const address = struct(
  `${CORE}.NodeAddress`,
  'One address of a node.',
  {
    address: requiredText('The address.'),
    type: requiredText('Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.', 'v1.NodeAddressType'),
  },
  ['type', 'address'],
);

const daemonEndpoint = struct(
  `${CORE}.DaemonEndpoint`,
  'The port of a daemon.',
  { Port: int32('The port number.', { default: 0, always: true }) },
  ['Port'],
);

const SYSTEM_INFO: readonly (readonly [string, string])[] = [
  ['architecture', 'The architecture, e.g. amd64.'],
  ['bootID', 'Changes with every boot.'],
  ['containerRuntimeVersion', 'The container runtime and its version.'],
  ['kernelVersion', 'The version of the kernel.'],
  ['kubeProxyVersion', 'No longer used.'],
  ['kubeletVersion', 'The version of the kubelet.'],
  ['machineID', 'The identity of the installed system.'],
  ['operatingSystem', 'The operating system, e.g. linux.'],
  ['osImage', 'The name of the operating system as its vendor writes it.'],
  ['systemUUID', 'The identity of the machine.'],
];

const systemInfo = struct(
  `${CORE}.NodeSystemInfo`,
  'What a node is and runs.',
  {
    ...Object.fromEntries(SYSTEM_INFO.map(([name, description]) => [name, requiredText(description)])),
    swap: struct(`${CORE}.NodeSwapStatus`, 'Swap of the node.', { capacity: int64('Swap in bytes.', { keepZero: true }) }),
  },
  SYSTEM_INFO.map(([name]) => name),
);

const image = struct(`${CORE}.ContainerImage`, 'A container image on a node.', {
  names: atomicList(string, 'The names the image is known by.', { nullable: true, always: true }),
  sizeBytes: int64('The size in bytes.'),
});

const attachedVolume = struct(
  `${CORE}.AttachedVolume`,
  'A volume attached to a node.',
  { devicePath: requiredText('The device of the volume.'), name: requiredText('The name of the volume.') },
  ['name', 'devicePath'],
);

const runtimeHandler = struct(`${CORE}.NodeRuntimeHandler`, 'A way to run containers.', {
  features: struct(`${CORE}.NodeRuntimeHandlerFeatures`, 'What the handler can do.', {
    recursiveReadOnlyMounts: flag('It supports recursive read-only mounts.', { keepZero: true }),
    userNamespaces: flag('It supports user namespaces.', { keepZero: true }),
  }),
  name: text('The name of the handler; empty for the default one.', { always: true }),
});

const status = struct(`${CORE}.NodeStatus`, 'The state of a node.', {
  addresses: keyedList(address, 'type', 'How the node can be reached.'),
  allocatable: quantities('What is there for pods to use.'),
  capacity: quantities('What the node has.'),
  conditions: keyedList(condition, 'type', 'Aspects of the state.'),
  config: struct(`${CORE}.NodeConfigStatus`, 'No longer used.', {
    active: use(configSource, 'No longer used.'),
    assigned: use(configSource, 'No longer used.'),
    error: text('No longer used.'),
    lastKnownGood: use(configSource, 'No longer used.'),
  }),
  daemonEndpoints: always(
    struct(`${CORE}.NodeDaemonEndpoints`, 'The ports of the daemons of a node.', {
      kubeletEndpoint: always(daemonEndpoint, 'Where the kubelet listens.'),
    }),
    'The ports of the daemons of the node.',
  ),
  declaredFeatures: atomicList(string, 'Features the node says it has.'),
  features: struct(`${CORE}.NodeFeatures`, 'What the container runtime of a node can do.', {
    supplementalGroupsPolicy: flag('It supports a policy of supplemental groups.', { keepZero: true }),
  }),
  images: atomicList(image, 'Container images on the node.'),
  nodeInfo: always(systemInfo, 'What the node is and runs.'),
  phase: text('No longer used.', { goType: 'v1.NodePhase' }),
  runtimeHandlers: atomicList(runtimeHandler, 'The ways to run containers on the node.'),
  volumesAttached: atomicList(attachedVolume, 'The volumes attached to the node.'),
  volumesInUse: atomicList(string, 'The attached volumes that are mounted.', { goType: '[]v1.UniqueVolumeName' }),
});

export const nodeSchema = topLevel(`${CORE}.Node`, { group: '', version: 'v1', kind: 'Node' }, 'A node: a machine of the cluster.', {
  spec: always(spec, 'How the node behaves.'),
  status: always(status, 'The state of the node.'),
});
