/** Sends cases of the corpus to an API server as raw HTTP requests. */
import type { RawClient } from '../cluster/raw-client.ts';
import type { Manifest, ManifestCase } from './case.ts';
import { isObject, type Outcome, outcomeOf } from './outcome.ts';

/** The namespace that the corpus writes to; make it first with `makeNamespace`. */
export const namespace = 'corpus';

const api = '/apis/mediated.dev/v1alpha1';
const json = { 'content-type': 'application/json' };

/** Makes the namespace unless it is there. */
export async function makeNamespace(client: RawClient, name: string): Promise<void> {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const answer = await client.request({ method: 'POST', path: '/api/v1/namespaces', headers: json, body });
  if (answer.status !== 201 && answer.status !== 409) throw new Error(`Cannot make namespace ${name}: ${answer.body}`);
}

/**
 * Sends the case with strict field validation and takes away again what it made.
 * @throws Error when the server does not accept the object that the case builds on
 */
export async function sendRaw(client: RawClient, entry: ManifestCase): Promise<Outcome> {
  const collection = collectionPath(entry);
  if (entry.before === undefined) {
    const answer = await client.request({
      method: 'POST',
      path: `${collection}?fieldValidation=Strict`,
      headers: json,
      body: bodyOf(entry),
    });
    if (answer.status === 201) await remove(client, collection, answer.body);
    return outcomeOf({ ...answer, body: withoutSuffix(entry, answer.body) });
  }
  const before = JSON.stringify(named(entry, entry.before));
  const made = await client.request({ method: 'POST', path: collection, headers: json, body: before });
  if (made.status !== 201) throw new Error(`Cannot make the object to change: ${made.body}`);
  try {
    const path = [collection, nameOf(entry), ...(entry.subresource ? [entry.subresource] : [])].join('/');
    const body = JSON.stringify({ ...(JSON.parse(bodyOf(entry)) as Manifest), metadata: metadataOf(made.body) });
    return outcomeOf(await client.request({ method: 'PUT', path: `${path}?fieldValidation=Strict`, headers: json, body }));
  } finally {
    await remove(client, collection, made.body);
  }
}

// The server makes up five letters and digits behind a generateName.
function withoutSuffix(entry: ManifestCase, text: string): string {
  if (typeof entry.manifest === 'string' || !isObject(entry.manifest['metadata'])) return text;
  const { generateName } = entry.manifest['metadata'];
  return typeof generateName === 'string' ? text.replaceAll(new RegExp(`${generateName}[a-z0-9]{5}`, 'g'), `${generateName}*`) : text;
}

function collectionPath(entry: ManifestCase): string {
  const { resource = 'mdevdevices' } = entry;
  const namespaced = resource === 'mdevdevices' || resource === 'mdevdevicesets';
  return namespaced ? `${api}/namespaces/${namespace}/${resource}` : `${api}/${resource}`;
}

async function remove(client: RawClient, collection: string, body: string): Promise<void> {
  const path = `${collection}/${metadataOf(body).name}`;
  const freed = '{"metadata":{"finalizers":null}}';
  await client.request({ method: 'PATCH', path, headers: { 'content-type': 'application/merge-patch+json' }, body: freed });
  const answer = await client.request({ method: 'DELETE', path });
  if (answer.status !== 200) throw new Error(`Cannot delete ${path}: ${answer.body}`);
}

function metadataOf(body: string): { name: string; resourceVersion: string } {
  const made: unknown = JSON.parse(body);
  const metadata = isObject(made) && isObject(made['metadata']) ? made['metadata'] : {};
  const { name, resourceVersion } = metadata;
  if (typeof name === 'string' && typeof resourceVersion === 'string') return { name, resourceVersion };
  throw new Error(`The server answered an object without name and resourceVersion: ${body}`);
}

/** The case's name as an object's: letters, digits and dashes. */
export function nameOf(entry: ManifestCase): string {
  return entry.name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** What is sent, with the case's name where the manifest has no metadata. */
export function bodyOf(entry: ManifestCase): string {
  return typeof entry.manifest === 'string' ? entry.manifest : JSON.stringify(named(entry, entry.manifest));
}

function named(entry: ManifestCase, manifest: Manifest): Manifest {
  return { ...manifest, metadata: manifest['metadata'] ?? { name: nameOf(entry) } };
}
