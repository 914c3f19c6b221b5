import { createHash } from 'node:crypto';
import { apiVersion, resources, setLabels } from '../../api/group.ts';
import type { DeviceTemplate, MdevDeviceSet } from '../../api/mdev-device-set.ts';
import type { DeviceSpec, MdevDevice } from '../../api/mdev-device.ts';

/** A JSON text with the keys of every object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** What of a spec cannot be changed on a device that is there, as a text to compare. */
function fixedText({ uuid: _uuid, adopt: _adopt, online: _online, reclaimPolicy: _policy, ...fixed }: Partial<DeviceSpec>): string {
  return canonical(fixed);
}

/** Remembers the texts of devices: there may be thousands, and each is looked at whenever one of them changes. */
export class FixedTexts {
  readonly #texts = new WeakMap<MdevDevice, string>();

  of(device: MdevDevice): string {
    const known = this.#texts.get(device);
    if (known !== undefined) return known;
    const text = fixedText(device.spec);
    this.#texts.set(device, text);
    return text;
  }
}

/** What the devices of a set are to be like. */
export interface Wanted {
  readonly template: DeviceTemplate;
  /** Tells templates apart whose devices have to be replaced. */
  readonly hash: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export function wantedOf(set: MdevDeviceSet): Wanted {
  const { template } = set.spec;
  const { labels = {}, annotations = {} } = template.metadata ?? {};
  const hash = createHash('sha256').update(fixedText(template.spec)).digest('hex').slice(0, 10);
  return { template, hash, annotations, labels: { ...labels, [setLabels.set]: set.metadata.name, [setLabels.templateHash]: hash } };
}

function specOn({ template }: Wanted, node: string): DeviceTemplate['spec'] {
  return node === '' ? template.spec : { ...template.spec, nodeName: node };
}

/**
 * What a device, on `node` if that is not empty, has to have for its text. Specs are compared and not hashes, so that a field that
 * a later version of this project adds replaces no device.
 */
export function wantedText(wanted: Wanted, node: string): string {
  return fixedText(specOn(wanted, node));
}

/** The reference that makes `set` the owner of a device. */
export function ownerReference(set: MdevDeviceSet): object {
  const { name, uid } = set.metadata;
  return { apiVersion, kind: resources.mdevDeviceSet.kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** A new device of `set`, on `node` if that is not empty. */
export function deviceFromTemplate(set: MdevDeviceSet, name: string, node: string): object {
  const { namespace } = set.metadata;
  const wanted = wantedOf(set);
  const { labels, annotations } = wanted;
  return {
    apiVersion,
    kind: resources.mdevDevice.kind,
    metadata: { name, namespace, labels, annotations, ownerReferences: [ownerReference(set)] },
    spec: specOn(wanted, node),
  };
}

type Texts = Readonly<Record<string, string>>;

function lacking(wanted: Texts, present: Texts = {}): Texts | undefined {
  const entries = Object.entries(wanted).filter(([key, value]) => present[key] !== value);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/**
 * What to merge into a device that is there, or undefined if it is as the template says: online, reclaimPolicy, labels and
 * annotations. A label that the template no longer has stays until the device is replaced: it may be somebody else's.
 */
export function changeInPlace(wanted: Wanted, device: MdevDevice, outdated: boolean): object | undefined {
  const { online, reclaimPolicy } = wanted.template.spec;
  const { [setLabels.templateHash]: hash = '', ...others } = wanted.labels;
  const labels = lacking(outdated ? others : { ...others, [setLabels.templateHash]: hash }, device.metadata.labels);
  const annotations = lacking(wanted.annotations, device.metadata.annotations);
  const spec = {
    ...(online !== device.spec.online && { online }),
    ...(reclaimPolicy !== device.spec.reclaimPolicy && { reclaimPolicy: reclaimPolicy ?? null }),
  };
  const metadata = { ...(labels !== undefined && { labels }), ...(annotations !== undefined && { annotations }) };
  const change = { ...(Object.keys(metadata).length > 0 && { metadata }), ...(Object.keys(spec).length > 0 && { spec }) };
  return Object.keys(change).length === 0 ? undefined : change;
}
