import { group, resources, version } from '../api/group.ts';

/** A resource as its URL needs it, with the kind of its objects. */
export interface ResourceRef {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly kind: string;
}

/** The object of a resource. Cluster-scoped objects have no namespace. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

export const deviceResource: ResourceRef = {
  group,
  version,
  plural: resources.mdevDevice.plural,
  namespaced: true,
  kind: resources.mdevDevice.kind,
};
export const parentResource: ResourceRef = {
  group,
  version,
  plural: resources.mdevParent.plural,
  namespaced: false,
  kind: resources.mdevParent.kind,
};
export const classResource: ResourceRef = {
  group,
  version,
  plural: resources.mdevClass.plural,
  namespaced: false,
  kind: resources.mdevClass.kind,
};
export const deviceSetResource: ResourceRef = {
  group,
  version,
  plural: resources.mdevDeviceSet.plural,
  namespaced: true,
  kind: resources.mdevDeviceSet.kind,
};
export const nodeResource: ResourceRef = { group: '', version: 'v1', plural: 'nodes', namespaced: false, kind: 'Node' };
export const namespaceResource: ResourceRef = { group: '', version: 'v1', plural: 'namespaces', namespaced: false, kind: 'Namespace' };
export const eventResource: ResourceRef = { group: '', version: 'v1', plural: 'events', namespaced: true, kind: 'Event' };
export const leaseResource: ResourceRef = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  namespaced: true,
  kind: 'Lease',
};

/** `apiVersion` of the objects of `resource`, such as `v1` or `mediated.dev/v1alpha1`. */
export function apiVersionOf(resource: ResourceRef): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The URL path of a resource's collection, in one namespace or in all, or of one object or its subresource. */
export function resourcePath(resource: ResourceRef, key: { namespace?: string | undefined; name?: string }, subresource?: string): string {
  const base = resource.group === '' ? ['api', resource.version] : ['apis', resource.group, resource.version];
  const namespace = resource.namespaced && key.namespace !== undefined ? ['namespaces', key.namespace] : [];
  const object = key.name === undefined ? [] : [key.name, ...(subresource === undefined ? [] : [subresource])];
  return `/${[...base, ...namespace, resource.plural, ...object].map(encodeURIComponent).join('/')}`;
}

/** The key of an object in stores and queues: `namespace/name`, or just the name where there is no namespace. */
export function keyOf(object: ObjectKey): string {
  return object.namespace === undefined || object.namespace === '' ? object.name : `${object.namespace}/${object.name}`;
}

/** The reverse of `keyOf`. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
