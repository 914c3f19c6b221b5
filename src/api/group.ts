/** The API group and version of all kinds of this project, and the names derived from them. */
export const group = 'mediated.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}` as const;

/** The finalizer that keeps an MdevDevice until its mediated device is gone. */
export const deviceFinalizer = `${group}/device`;

/** Labels that the agent puts on every MdevParent, so that `spec.parent.selector` has something to select by. */
export const parentLabels = {
  nodeName: `${group}/node`,
  driver: `${group}/driver`,
} as const;

/** On an MdevClass, with value `true`: it binds devices that name no class. */
export const defaultClassAnnotation = `${group}/is-default-class`;

/** The label by which the agents' Leases are told from the kubelets', which lie in the same namespace. */
export const agentLeaseLabel = { name: `${group}/lease`, value: 'agent' } as const;

/** Labels that a set puts on its devices. */
export const setLabels = {
  set: `${group}/set`,
  templateHash: `${group}/template-hash`,
} as const;

/** The resource names as they appear in URLs and in kubectl. */
export const resources = {
  mdevDevice: { kind: 'MdevDevice', plural: 'mdevdevices', singular: 'mdevdevice', shortName: 'mdev' },
  mdevParent: { kind: 'MdevParent', plural: 'mdevparents', singular: 'mdevparent', shortName: 'mdevp' },
  mdevClass: { kind: 'MdevClass', plural: 'mdevclasses', singular: 'mdevclass', shortName: 'mdevc' },
  mdevDeviceSet: { kind: 'MdevDeviceSet', plural: 'mdevdevicesets', singular: 'mdevdeviceset', shortName: 'mdevset' },
} as const;
