/** Which resources are served right now: the built-ins, and those of the CRDs of the moment. */
import { apiVersionOf, type Resource } from './resource.ts';

export class ResourceRegistry {
  readonly #resources = new Map<string, Resource>();
  /** Keys of the resources of each source, e.g. a CRD's name. */
  readonly #sources = new Map<string, string[]>();
  readonly #listeners = new Set<() => void>();
  #generation = 0;

  /** Grows with every change; documents made from the registry are cached by it. */
  get generation(): number {
    return this.#generation;
  }

  /** The resource at a path, e.g. ('mediated.dev', 'v1alpha1', 'mdevdevices'). */
  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#resources.get(`${group}/${version}/${plural}`);
  }

  /** Every served resource, in the order of registration. */
  all(): Resource[] {
    return [...this.#resources.values()];
  }

  /** The resource that serves a kind, e.g. ('apps/v1', 'Deployment'). */
  findKind(apiVersion: string, kind: string): Resource | undefined {
    for (const resource of this.#resources.values()) if (resource.kind === kind && apiVersionOf(resource) === apiVersion) return resource;
    return undefined;
  }

  /** One resource for each storage, the first that was registered: what controllers use to reach every object once. */
  storages(): Map<string, Resource> {
    const result = new Map<string, Resource>();
    for (const resource of this.#resources.values()) if (!result.has(resource.storage)) result.set(resource.storage, resource);
    return result;
  }

  /** Whether this very resource, with this schema, is still served. */
  isCurrent(resource: Resource): boolean {
    return this.find(resource.group, resource.version, resource.plural) === resource;
  }

  /** Replaces all resources of `source`; an empty list takes them away. */
  replace(source: string, resources: readonly Resource[]): void {
    for (const key of this.#sources.get(source) ?? []) this.#resources.delete(key);
    this.#sources.delete(source);
    const keys: string[] = [];
    for (const resource of resources) {
      const key = `${resource.group}/${resource.version}/${resource.plural}`;
      this.#resources.set(key, resource);
      keys.push(key);
    }
    if (keys.length > 0) this.#sources.set(source, keys);
    this.#generation += 1;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls `listener` after every change; the returned function ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
