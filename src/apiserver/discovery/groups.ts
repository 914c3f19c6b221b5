/** What is served, ordered as discovery shows it: groups, their versions, their resources. */
import type { ResourceRegistry } from '../registry.ts';
import type { Resource } from '../resource.ts';
import { type VirtualResource, virtualResources } from './virtual-resources.ts';

/** A resource in a discovery document. */
export type DiscoveredResource = Pick<
  Resource,
  'kind' | 'plural' | 'singular' | 'namespaced' | 'verbs' | 'shortNames' | 'categories' | 'subresources'
> & { readonly storage?: string; readonly custom?: boolean };

export interface DiscoveredVersion {
  readonly version: string;
  readonly resources: readonly DiscoveredResource[];
}

export interface DiscoveredGroup {
  /** Empty for the core group. */
  readonly group: string;
  /** The preferred version first. */
  readonly versions: readonly DiscoveredVersion[];
}

/** All groups: core first, then the built-in ones, then those of CRDs by name. */
export function discoverGroups(registry: ResourceRegistry): DiscoveredGroup[] {
  const byGroup = new Map<string, { custom: boolean; versions: Map<string, DiscoveredResource[]> }>();
  const add = (resource: Resource | VirtualResource): void => {
    const group = byGroup.get(resource.group) ?? {
      custom: 'custom' in resource && resource.custom,
      versions: new Map<string, DiscoveredResource[]>(),
    };
    byGroup.set(resource.group, group);
    const list = group.versions.get(resource.version) ?? [];
    group.versions.set(resource.version, list);
    list.push(resource);
  };
  for (const resource of registry.all()) add(resource);
  for (const resource of virtualResources) add(resource);
  const rank = (group: string, custom: boolean): string => (group === '' ? '0' : custom ? `2${group}` : `1${group}`);
  return [...byGroup.entries()]
    .sort(([a, { custom: aCustom }], [b, { custom: bCustom }]) => (rank(a, aCustom) < rank(b, bCustom) ? -1 : 1))
    .map(([group, { versions }]) => ({
      group,
      versions: [...versions.entries()]
        .sort(([a], [b]) => compareVersions(a, b))
        .map(([version, resources]) => ({ version, resources: resources.toSorted((a, b) => (a.plural < b.plural ? -1 : 1)) })),
    }));
}

/** Kubernetes' order of versions, the most stable and newest first: v2, v1, v2beta1, v1alpha2, then any other by name. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [parseVersion(a), parseVersion(b)];
  if (x === undefined || y === undefined) return x === y ? (a < b ? -1 : 1) : x === undefined ? 1 : -1;
  return y.stability - x.stability || y.major - x.major || y.minor - x.minor;
}

function parseVersion(text: string): { major: number; stability: number; minor: number } | undefined {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(text);
  if (match === null) return undefined;
  const stability = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
  return { major: Number(match[1]), stability, minor: Number(match[3] ?? 0) };
}
