import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { NIL, v4 } from 'uuid';
import { z } from 'zod';
import { mdevClassSchema } from '../../api/mdev-class.ts';
import { mdevDeviceSetSchema } from '../../api/mdev-device-set.ts';
import { mdevDeviceSchema, type MdevDevice } from '../../api/mdev-device.ts';
import { namespaceSchema, type NamespaceObject } from '../../controller/world.ts';
import { ApiError } from '../../kube/api-error.ts';
import type { KubeClient, KubeObject } from '../../kube/client.ts';
import {
  apiVersionOf,
  classResource,
  deviceResource,
  deviceSetResource,
  keyOf,
  namespaceResource,
  type ResourceRef,
} from '../../kube/resource.ts';
import type { Clock } from '../../lib/clock.ts';
import { loadKernel } from '../../plugin/plan-kernel.ts';
import { planOf, type Asked, type Plan, type PlanEntry, type PlannedObjects } from '../../plugin/plan.ts';
import { UsageError } from '../usage-error.ts';
import { yamlDocuments } from '../yaml-documents.ts';
import { read, readSurvey } from './read.ts';

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().min(1), namespace: z.string().min(1).optional() }),
});
const listSchema = z.looseObject({ kind: z.string().endsWith('List'), items: z.array(z.unknown()) });

type Manifest = z.infer<typeof objectSchema>;

/** In this order: a set, and a device, may be bound by a class that is applied with it. */
const planned: readonly ResourceRef[] = [classResource, deviceSetResource, deviceResource];

/** The objects of files, and of the files in folders, as kubectl takes them; `-` is standard input. @throws UsageError naming file and document */
export async function readObjects(files: readonly string[]): Promise<Manifest[]> {
  const objects: Manifest[] = [];
  for (const file of await filesOf(files)) {
    const content = file === '-' ? await text(process.stdin) : await contentOf(file);
    for (const document of yamlDocuments(file === '-' ? 'standard input' : file, content)) {
      const list = listSchema.safeParse(document.content);
      for (const item of list.success ? list.data.items : [document.content]) {
        const parsed = objectSchema.safeParse(item);
        if (!parsed.success) throw new UsageError(`${document.place}: ${z.prettifyError(parsed.error).replace(/\s*\n\s*/g, ' ')}`);
        objects.push(parsed.data);
      }
    }
  }
  if (objects.length === 0) throw new UsageError(`There is no object in ${files.join(', ')}`);
  return objects;
}

async function filesOf(paths: readonly string[]): Promise<string[]> {
  const files = paths.map(async (path) => {
    if (path === '-' || !(await stat(path).catch(() => undefined))?.isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => /\.(ya?ml|json)$/.test(name));
    return names.sort().map((name) => join(path, name));
  });
  return (await Promise.all(files)).flat();
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** An object as the API server would have it, or what it says against it. */
type Answer = { readonly object: KubeObject } | { readonly refused: ApiError };

/**
 * Asks the API server, by a dry run, what it would make of each object, and then plans. Nothing is changed anywhere.
 * @throws UsageError
 */
export async function readPlan(
  client: KubeClient,
  manifests: readonly Manifest[],
  defaultNamespace: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<Plan> {
  const [surveyed, sets, classes] = await Promise.all([
    readSurvey(client, signal),
    read(client, deviceSetResource, mdevDeviceSetSchema, {}, signal),
    read(client, classResource, mdevClassSchema, {}, signal),
  ]);
  const live = { devices: new Map(surveyed.devices.map(keyed)), sets: new Map(sets.map(keyed)), classes: new Map(classes.map(keyed)) };
  const settled: PlanEntry[] = [];
  const asked: { devices: Asked['devices'][number][]; sets: Asked['sets'][number][] } = { devices: [], sets: [] };
  for (const { resource, manifest } of inOrder(manifests)) {
    const { name, namespace = defaultNamespace } = manifest.metadata;
    const key = { name, ...(resource?.namespaced === true && { namespace }) };
    const base = { kind: manifest.kind, ...key };
    if (resource === undefined) {
      settled.push({ ...base, change: 'None', outcome: 'Skipped' });
      continue;
    }
    const answer = await dryRun(client, resource, key, manifest, signal);
    if ('refused' in answer) {
      settled.push({ ...base, change: 'None', outcome: 'Refused', reason: answer.refused.reason, message: answer.refused.message });
      continue;
    }
    const { object } = answer;
    if (resource === deviceResource) {
      const device = withUID(mdevDeviceSchema.parse(object));
      const change = changeOf(live.devices.get(keyOf(device.metadata)), device);
      live.devices.set(keyOf(device.metadata), device);
      asked.devices.push({ device, change });
    } else if (resource === deviceSetResource) {
      const set = mdevDeviceSetSchema.parse(object);
      asked.sets.push({ set, change: changeOf(live.sets.get(keyOf(set.metadata)), set) });
    } else {
      const mdevClass = mdevClassSchema.parse(object);
      settled.push({ ...base, change: changeOf(live.classes.get(name), mdevClass), outcome: 'Applied' });
      live.classes.set(name, mdevClass);
    }
  }
  const objects: PlannedObjects = {
    parents: surveyed.parents,
    nodes: surveyed.nodes,
    devices: [...live.devices.values()],
    classes: [...live.classes.values()],
    namespaces: live.classes.size === 0 ? [] : await namespacesOf(client, asked, signal),
    clusterUID: (await namespace(client, 'kube-system', signal))?.metadata.uid ?? NIL,
  };
  return planOf(objects, asked, settled, { kernel: await loadKernel(objects.parents, clock, signal), clock });
}

/** Decisions are kept by UID; not every server gives one to what is not made. */
function withUID(device: MdevDevice): MdevDevice {
  return device.metadata.uid === undefined ? { ...device, metadata: { ...device.metadata, uid: v4() } } : device;
}

function keyed<T extends { metadata: KubeObject['metadata'] }>(object: T): [string, T] {
  return [keyOf(object.metadata), object];
}

/** What others depend on comes first. */
function inOrder(manifests: readonly Manifest[]): { resource: ResourceRef | undefined; manifest: Manifest }[] {
  const found = manifests.map((manifest) => ({
    manifest,
    resource: planned.find((each) => each.kind === manifest.kind && apiVersionOf(each) === manifest.apiVersion),
  }));
  const order = (resource: ResourceRef | undefined): number => (resource === undefined ? -1 : planned.indexOf(resource));
  return found.toSorted((a, b) => order(a.resource) - order(b.resource));
}

async function dryRun(
  client: KubeClient,
  resource: ResourceRef,
  key: { name: string; namespace?: string },
  body: object,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    return { object: await client.apply(resource, key, body, { fieldManager: 'kubectl-mdev-plan', force: true, dryRun: true }, signal) };
  } catch (error) {
    if (error instanceof ApiError) return { refused: error };
    throw new UsageError(`Cannot ask the API server: ${(error as Error).message}`, { cause: error });
  }
}

function changeOf(
  before: { metadata: KubeObject['metadata'] } | undefined,
  after: { metadata: KubeObject['metadata'] },
): PlanEntry['change'] {
  if (before === undefined) return 'Create';
  const facts = ({ metadata: { generation, labels, annotations } }: typeof after): string =>
    JSON.stringify([generation, labels, annotations]);
  return facts(before) === facts(after) ? 'Unchanged' : 'Configure';
}

/** Those of what is asked: classes may select namespaces by labels. */
async function namespacesOf(client: KubeClient, { devices, sets }: Asked, signal: AbortSignal): Promise<NamespaceObject[]> {
  const names = [...devices.map(({ device }) => device), ...sets.map(({ set }) => set)].map(({ metadata }) => metadata.namespace ?? '');
  const found = await Promise.all([...new Set(names)].map((name) => namespace(client, name, signal)));
  return found.filter((each) => each !== undefined);
}

/** Undefined where it is not there, or may not be read. */
async function namespace(client: KubeClient, name: string, signal: AbortSignal): Promise<NamespaceObject | undefined> {
  try {
    const object = await client.get(namespaceResource, { name }, signal);
    return object && namespaceSchema.parse(object);
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return undefined;
    throw error;
  }
}
