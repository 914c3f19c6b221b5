import type { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { mdevDeviceSchema, type MdevDevice } from '../../api/mdev-device.ts';
import { mdevParentSchema } from '../../api/mdev-parent.ts';
import { nodeSchema } from '../../controller/world.ts';
import { ApiError, isNotFound } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { listAll } from '../../kube/list-all.ts';
import { deviceResource, eventResource, nodeResource, parentResource, type ResourceRef } from '../../kube/resource.ts';
import { survey, type Survey } from '../../plugin/survey.ts';
import type { SeenEvent } from '../../plugin/text.ts';
import { UsageError } from '../usage-error.ts';

const eventSchema = z.object({
  reason: z.string().nullish(),
  message: z.string().nullish(),
  count: z.int().nullish(),
  lastTimestamp: z.string().nullish(),
});

/** All objects of a kind. @throws UsageError that says what to do */
export async function read<T>(
  client: KubeClient,
  resource: ResourceRef,
  schema: z.ZodType<T>,
  query: Parameters<typeof listAll>[2],
  signal: AbortSignal,
): Promise<T[]> {
  try {
    return (await listAll(client, resource, query, signal)).map((item) => schema.parse(item));
  } catch (cause) {
    throw new UsageError(explain(resource, cause), { cause });
  }
}

function explain({ plural, group }: ResourceRef, cause: unknown): string {
  if (isNotFound(cause)) return `The API server has no ${plural}: apply the CRDs (mdev-operator crds | kubectl apply --server-side -f -)`;
  if (cause instanceof ApiError && cause.code === 403)
    return `You may not list ${plural}${group === '' ? '' : `.${group}`}: ask for a role with verb list on it, in all namespaces (ClusterRole mdev-viewer has all that this needs)`;
  return `Cannot list ${plural}: ${cause instanceof Error ? cause.message : String(cause)}`;
}

/** All devices. @throws UsageError */
export function readDevices(client: KubeClient, signal: AbortSignal): Promise<MdevDevice[]> {
  return read(client, deviceResource, mdevDeviceSchema, {}, signal);
}

/** Everything that counts are made of. @throws UsageError */
export async function readSurvey(client: KubeClient, signal: AbortSignal): Promise<Survey> {
  const [parents, nodes, devices] = await Promise.all([
    read(client, parentResource, mdevParentSchema, {}, signal),
    read(client, nodeResource, nodeSchema, {}, signal),
    readDevices(client, signal),
  ]);
  return survey({ parents, nodes, devices });
}

/** The Events about the object of that UID, the newest last. @throws UsageError */
export async function readEvents(client: KubeClient, namespace: string, uid: string, signal: AbortSignal): Promise<SeenEvent[]> {
  const query = { namespace, fieldSelector: `involvedObject.uid=${uid}` };
  const events = await read(client, eventResource, eventSchema, query, signal);
  return events
    .toSorted((a, b) => (a.lastTimestamp ?? '').localeCompare(b.lastTimestamp ?? ''))
    .map(({ reason, message, count }) => ({ reason: reason ?? '', message: message ?? '', times: count ?? 1 }));
}

/** The namespace of the kubeconfig's context, as kubectl takes it where none is given. */
export function namespaceOf(config: KubeConfig): string {
  return config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
}
