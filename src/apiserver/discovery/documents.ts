/** The discovery documents, plain and aggregated. */
import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../object.ts';
import type { DiscoveredGroup, DiscoveredResource, DiscoveredVersion } from './groups.ts';

/** The body of GET /api. */
export function coreVersions(address: string): JsonObject {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }] };
}

/** The body of GET /apis. */
export function groupList(groups: readonly DiscoveredGroup[]): JsonObject {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.filter(({ group }) => group !== '').map(groupEntry) };
}

/** The body of GET /apis/GROUP. */
export function groupDocument(group: DiscoveredGroup): JsonObject {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) };
}

function groupEntry({ group, versions }: DiscoveredGroup): JsonObject {
  const entries = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: entries, preferredVersion: entries[0] ?? null };
}

/** The body of GET /api/v1 and GET /apis/GROUP/VERSION. */
export function resourceList(group: string, { version, resources }: DiscoveredVersion): JsonObject {
  const list: Json[] = [];
  for (const resource of resources) {
    list.push({
      name: resource.plural,
      singularName: resource.singular,
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: [...resource.verbs],
      ...names(resource),
      ...(resource.storage !== undefined && { storageVersionHash: storageHash(group, version, resource) }),
    });
    for (const { name, verbs, responseKind } of resource.subresources) {
      list.push({
        name: `${resource.plural}/${name}`,
        singularName: '',
        namespaced: resource.namespaced,
        ...(responseKind ?? { kind: resource.kind }),
        verbs: [...verbs],
      });
    }
  }
  const apiVersion = group === '' ? {} : { apiVersion: 'v1' };
  return { kind: 'APIResourceList', ...apiVersion, groupVersion: group === '' ? version : `${group}/${version}`, resources: list };
}

function names(resource: DiscoveredResource): JsonObject {
  return {
    ...(resource.shortNames.length > 0 && { shortNames: [...resource.shortNames] }),
    ...(resource.categories.length > 0 && { categories: [...resource.categories] }),
  };
}

function storageHash(group: string, version: string, resource: DiscoveredResource): string {
  return createHash('sha256')
    .update(resource.storage === 'events' ? '/v1/Event' : `${group}/${version}/${resource.kind}`)
    .digest()
    .subarray(0, 8)
    .toString('base64');
}

/** The aggregated document of GET /api (core) or GET /apis (the others), in `v2` or `v2beta1` of apidiscovery.k8s.io. */
export function aggregatedDocument(groups: readonly DiscoveredGroup[], core: boolean, version: string): JsonObject {
  const items = groups.filter(({ group }) => (group === '') === core).map((group) => aggregatedGroup(group));
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
}

function aggregatedGroup({ group, versions }: DiscoveredGroup): JsonObject {
  return {
    metadata: group === '' ? {} : { name: group },
    versions: versions.map(({ version, resources }) => ({
      version,
      freshness: 'Current',
      resources: resources.map((resource) => {
        // Where the kind is the resource's own, Kubernetes leaves its group and version out.
        const responseKind =
          resource.custom === true ? { group, version, kind: resource.kind } : { group: '', version: '', kind: resource.kind };
        return {
          resource: resource.plural,
          responseKind,
          scope: resource.namespaced ? 'Namespaced' : 'Cluster',
          singularResource: resource.singular,
          verbs: [...resource.verbs],
          ...names(resource),
          ...(resource.subresources.length > 0 && {
            subresources: resource.subresources.map((subresource) => ({
              subresource: subresource.name,
              responseKind: subresource.responseKind === undefined ? responseKind : { ...subresource.responseKind },
              verbs: [...subresource.verbs],
            })),
          }),
        };
      }),
    })),
  };
}
