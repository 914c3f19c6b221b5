import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { apiVersionOf, deviceResource, namespaceResource, nodeResource, parentResource, type ResourceRef } from '../kube/resource.ts';
import { UsageError } from './usage-error.ts';
import { yamlDocuments } from './yaml-documents.ts';

/** An object read from a file, with the resource that it is sent to. */
export interface Manifest {
  readonly file: string;
  readonly resource: ResourceRef;
  readonly key: { readonly name: string; readonly namespace?: string };
  readonly body: Readonly<Record<string, unknown>>;
}

const documentSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().min(1), namespace: z.string().optional() }),
});

// In this order, so that what is needed by others comes first.
const known = [namespaceResource, nodeResource, parentResource, deviceResource];

async function filesOf(path: string): Promise<string[]> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new UsageError(`--apply: cannot read ${path}: ${(cause as Error).message}`, { cause });
  });
  if (!info.isDirectory()) return [path];
  const names = (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name));
  return names.map((entry) => join(path, entry.name)).sort();
}

function parseManifests(file: string, text: string): Manifest[] {
  return yamlDocuments(`--apply: ${file}`, text).map(({ place, content }) => {
    const parsed = documentSchema.safeParse(content);
    if (!parsed.success) throw new UsageError(`${place}: ${z.prettifyError(parsed.error).replace(/\s*\n\s*/g, ' ')}`);
    const { apiVersion, kind, metadata } = parsed.data;
    const resource = known.find((candidate) => candidate.kind === kind && apiVersionOf(candidate) === apiVersion);
    if (resource === undefined)
      throw new UsageError(
        `${place}: ${kind} of ${apiVersion} is not applied at start; use kubectl apply. Known: ${known.map((candidate) => candidate.kind).join(', ')}`,
      );
    const namespace = resource.namespaced ? { namespace: metadata.namespace ?? 'default' } : {};
    return { file, resource, key: { name: metadata.name, ...namespace }, body: parsed.data };
  });
}

/**
 * Reads all objects of the given files and folders (`.yaml`, `.yml`, `.json`, not recursively), what others need first.
 * @throws UsageError naming file and document, before anything is sent
 */
export async function readManifests(paths: readonly string[]): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const path of paths) for (const file of await filesOf(path)) manifests.push(...parseManifests(file, await readFile(file, 'utf8')));
  return manifests.sort((a, b) => known.indexOf(a.resource) - known.indexOf(b.resource));
}
