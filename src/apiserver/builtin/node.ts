/** core/v1 Node. */
import { isIP } from 'node:net';
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from '../field-error.ts';
import type { JsonObject, KubeObject } from '../object.ts';
import { age } from './age.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { listAt, objectAt, objectsAt, restoreField, textAt } from './fields.ts';
import { checkLabelValue, checkQualifiedName } from '../schema/names.ts';
import { nodeSchema } from './node-schema.ts';
import type { BuiltinResource, TableCell } from './resource.ts';

const ROLE_LABEL_PREFIX = 'node-role.kubernetes.io/';
const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** What is not set aside is for pods; podCIDR is the first of podCIDRs, and wins when they differ. */
function applyDefaults(object: KubeObject): void {
  const status = objectAt(object, 'status');
  if (Object.hasOwn(status, 'capacity') && !Object.hasOwn(status, 'allocatable')) {
    object.status = { ...status, allocatable: structuredClone(objectAt(status, 'capacity')) };
  }
  const spec = objectAt(object, 'spec');
  const [one, [first]] = [textAt(spec, 'podCIDR'), listAt(spec, 'podCIDRs')];
  if (one !== '' && one !== first) object.spec = { ...spec, podCIDRs: [one] };
  else if (one === '' && first !== undefined) object.spec = { ...spec, podCIDR: first };
}

function prepare(object: KubeObject, subresource: string, old?: KubeObject): void {
  if (old !== undefined) restoreField(object, old, subresource === 'status' ? 'spec' : 'status');
}

function validateTaints(taints: readonly JsonObject[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, taint] of taints.entries()) {
    // kube-apiserver names the field metadata.taints, not spec.taints.
    const field = `metadata.taints[${index}]`;
    const [key, value, effect] = [textAt(taint, 'key'), textAt(taint, 'value'), textAt(taint, 'effect')];
    errors.push(...checkQualifiedName(key).map((detail) => invalid(`${field}.key`, key, detail)));
    const valueErrors = checkLabelValue(value);
    if (valueErrors.length > 0) errors.push(invalid(`${field}.value`, value, valueErrors.join(';')));
    if (effect === '') errors.push(required(`${field}.effect`));
    else if (!taintEffects.includes(effect)) errors.push(notSupported(`${field}.effect`, effect, taintEffects));
    const identity = `${effect}/${key}`;
    if (seen.has(identity)) errors.push({ ...duplicate(field, taint), detail: 'taints must be unique by key and effect pair' });
    seen.add(identity);
  }
  return errors;
}

/** One range, or one of each IP family. */
function validateRanges(spec: JsonObject): FieldError[] {
  const ranges = listAt(spec, 'podCIDRs').filter((range) => typeof range === 'string');
  const families = ranges.map((range) => isIP(range.split('/')[0] ?? ''));
  if (ranges.length < 2 || (ranges.length === 2 && families.includes(4) && families.includes(6))) return [];
  return [invalid('spec.podCIDRs', ranges, 'may specify no more than one CIDR for each IP family')];
}

function validateQuantities(status: JsonObject): FieldError[] {
  return ['capacity', 'allocatable'].flatMap((list) =>
    Object.entries(objectAt(status, list)).flatMap(([resource, quantity]) =>
      String(quantity as string | number).startsWith('-')
        ? [invalid(`status.${list}.${resource}`, String(quantity as string | number), 'must be greater than or equal to 0')]
        : [],
    ),
  );
}

function validateChange(object: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const [spec, oldSpec] = [objectAt(object, 'spec'), objectAt(old, 'spec')];
  const oldRanges = listAt(oldSpec, 'podCIDRs');
  if (oldRanges.length > 0 && JSON.stringify(oldRanges) !== JSON.stringify(listAt(spec, 'podCIDRs'))) {
    errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  }
  const oldProvider = textAt(oldSpec, 'providerID');
  if (oldProvider !== '' && oldProvider !== textAt(spec, 'providerID')) {
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'));
  }
  if (textAt(spec, 'externalID') !== textAt(oldSpec, 'externalID')) errors.push(forbidden('spec.externalID', 'may not be updated'));
  return errors;
}

function validate(object: KubeObject, _subresource: string, old?: KubeObject): FieldError[] {
  return [
    ...validateTaints(objectsAt(objectAt(object, 'spec'), 'taints')),
    ...validateQuantities(objectAt(object, 'status')),
    ...validateRanges(objectAt(object, 'spec')),
    ...(old === undefined ? [] : validateChange(object, old)),
  ];
}

function readiness(object: KubeObject): string {
  const ready = objectsAt(objectAt(object, 'status'), 'conditions').findLast((condition) => condition.type === 'Ready');
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (objectAt(object, 'spec').unschedulable === true) words.push('SchedulingDisabled');
  return words.join(',');
}

function roles(object: KubeObject): string {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(object.metadata.labels ?? {})) {
    if (key.startsWith(ROLE_LABEL_PREFIX) && key.length > ROLE_LABEL_PREFIX.length) found.add(key.slice(ROLE_LABEL_PREFIX.length));
    else if (key === 'kubernetes.io/role' && value !== '') found.add(value);
  }
  return found.size === 0 ? '<none>' : [...found].sort().join(',');
}

function row(object: KubeObject, now: number): TableCell[] {
  const status = objectAt(object, 'status');
  const info = objectAt(status, 'nodeInfo');
  const addressOf = (type: string): string => {
    const address = objectsAt(status, 'addresses').find((candidate) => candidate.type === type);
    return address === undefined ? '<none>' : textAt(address, 'address');
  };
  const known = (key: string): string => textAt(info, key) || '<unknown>';
  const architecture = textAt(info, 'architecture');
  return [
    object.metadata.name,
    readiness(object),
    roles(object),
    age(object.metadata.creationTimestamp, now),
    textAt(info, 'kubeletVersion'),
    addressOf('InternalIP'),
    addressOf('ExternalIP'),
    known('osImage'),
    architecture === '' ? known('kernelVersion') : `${known('kernelVersion')} (${architecture})`,
    known('containerRuntimeVersion'),
  ];
}

export const nodeResource: BuiltinResource = {
  group: '',
  version: 'v1',
  kind: 'Node',
  listKind: 'NodeList',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  categories: [],
  namespaced: false,
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  storage: 'nodes',
  schema: nodeSchema,
  hasGeneration: false,
  createOnUpdate: false,
  unconditionalUpdate: true,
  columns: [
    nameColumn(),
    column('Status', 'The status of the node'),
    column('Roles', 'The roles of the node'),
    ageColumn,
    column('Version', 'The version of the kubelet.'),
    column('Internal-IP', 'The first address of type InternalIP.', 1),
    column('External-IP', 'The first address of type ExternalIP.', 1),
    column('OS-Image', 'The operating system.', 1),
    column('Kernel-Version', 'The version of the kernel.', 1),
    column('Container-Runtime', 'The container runtime and its version.', 1),
  ],
  row,
  selectableFields: ['spec.unschedulable'],
  selectedFields: (object) => ({ 'spec.unschedulable': String(objectAt(object, 'spec').unschedulable === true) }),
  applyDefaults,
  prepare,
  validate,
  toStorage: (object) => object,
  fromStorage: (object) => object,
};
