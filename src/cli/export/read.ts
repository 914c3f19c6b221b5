import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { apiVersion, resources } from '../../api/group.ts';
import { mdevDeviceSchema, type MdevDevice } from '../../api/mdev-device.ts';
import { parentSpecSchema } from '../../api/mdev-parent.ts';
import { objectMetaSchema } from '../../api/object-meta.ts';
import type { KubeClient } from '../../kube/client.ts';
import { listAll } from '../../kube/list-all.ts';
import { deviceResource, parentResource } from '../../kube/resource.ts';
import { UsageError } from '../usage-error.ts';
import { yamlDocuments } from '../yaml-documents.ts';

/** The objects that an export needs. */
export interface ExportSource {
  readonly devices: readonly MdevDevice[];
  /** The kernel's name of a parent, by the name of its MdevParent. */
  readonly kernelNames: ReadonlyMap<string, string>;
}

const kindSchema = z.looseObject({ apiVersion: z.string(), kind: z.string() });
const listSchema = z.object({ items: z.array(z.unknown()) });
const parentSchema = z.object({ metadata: objectMetaSchema, spec: parentSpecSchema });

function parse<T>(place: string, schema: z.ZodType<T>, content: unknown): T {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${place}: ${z.prettifyError(parsed.error).replace(/\s*\n\s*/g, ' ')}`);
}

/** The object, or those in it if it is a list, as `kubectl get -o yaml` prints it. */
function* objectsIn(place: string, content: unknown): Generator<{ place: string; kind: string; content: unknown }> {
  const { apiVersion: version, kind } = parse(place, kindSchema, content);
  if (version === 'v1' && kind === 'List') {
    const { items } = parse(place, listSchema, content);
    for (const [index, item] of items.entries()) yield* objectsIn(`${place}, item ${index + 1}`, item);
  } else if (version === apiVersion) yield { place, kind, content };
}

/**
 * MdevDevices, and the MdevParents beside them, from YAML files; other kinds are passed over. `-` is standard input.
 * @throws UsageError naming file, document and field
 */
export async function readFiles(paths: readonly string[]): Promise<ExportSource> {
  const devices: MdevDevice[] = [];
  const kernelNames = new Map<string, string>();
  for (const path of paths) {
    const text = await readFile(path === '-' ? '/dev/stdin' : path, 'utf8').catch((cause: unknown) => {
      throw new UsageError(`--filename: cannot read ${path}: ${(cause as Error).message}`, { cause });
    });
    for (const document of yamlDocuments(`--filename: ${path}`, text)) {
      for (const { place, kind, content } of objectsIn(document.place, document.content)) {
        if (kind === resources.mdevDevice.kind) devices.push(parse(place, mdevDeviceSchema, content));
        if (kind !== resources.mdevParent.kind) continue;
        const { metadata, spec } = parse(place, parentSchema, content);
        kernelNames.set(metadata.name, spec.parent);
      }
    }
  }
  return { devices, kernelNames };
}

/**
 * MdevDevices of one namespace, or of all where that is undefined, from the API server; MdevParents only where a device needs one.
 * @throws UsageError when they cannot be read
 */
export async function readCluster(client: KubeClient, namespace: string | undefined, signal: AbortSignal): Promise<ExportSource> {
  try {
    const items = await listAll(client, deviceResource, namespace === undefined ? {} : { namespace }, signal);
    const devices = items.map((item) => parse('mdevdevices', mdevDeviceSchema, item));
    const kernelNames = new Map<string, string>();
    if (devices.some(({ spec, status }) => status?.allocation !== undefined && spec.parent?.name === undefined))
      for (const item of await listAll(client, parentResource, {}, signal)) {
        const { metadata, spec } = parse('mdevparents', parentSchema, item);
        kernelNames.set(metadata.name, spec.parent);
      }
    return { devices, kernelNames };
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`Cannot read MdevDevices: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
