/** Brings the CRDs this program ships into the store: created when missing, updated when they differ. */
import type { Api } from './api.ts';
import { crdStorage } from './custom/crd-hooks.ts';
import type { JsonObject, KubeObject } from './object.ts';
import type { WriteOptions } from './request/options.ts';
import type { Resource } from './resource.ts';
import { viewObject } from './resource.ts';
import { createObject } from './rest/create.ts';
import { decodeObject } from './rest/decode.ts';
import { storeUpdate } from './rest/update.ts';

const options: WriteOptions = { dryRun: false, fieldManager: 'mdev-operator', fieldValidation: 'Strict', force: undefined };

/** Creates or updates each of `crds`. @throws StatusError when one is refused */
export async function ensureBundledCrds(api: Api, resource: Resource, crds: readonly JsonObject[]): Promise<void> {
  for (const crd of crds) {
    const { object } = decodeObject(resource, structuredClone(crd));
    const entry = api.store.collection(crdStorage).newest(object.metadata.name);
    if (entry === undefined) {
      await createObject(api, { resource, namespace: '', object, options, warnings: [] });
      continue;
    }
    const live = viewObject(resource, entry);
    const wanted: KubeObject = {
      ...live,
      spec: object['spec'] ?? null,
      metadata: {
        ...live.metadata,
        labels: { ...live.metadata.labels, ...object.metadata.labels },
        annotations: { ...live.metadata.annotations, ...object.metadata.annotations },
      },
    };
    const target = { resource, namespace: '', name: object.metadata.name, subresource: '' };
    await storeUpdate(api, target, entry, { object: decodeObject(resource, wanted).object, warnings: [], unconditional: true }, options);
  }
}
