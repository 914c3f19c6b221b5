/** The scale subresource of a custom resource: the object seen as an autoscaling/v1 Scale, where its CRD says where the numbers are. */
import { decodeBuiltin } from '../builtin/decode.ts';
import type { Subresource } from '../builtin/resource.ts';
import { scaleKind, scaleSchema } from '../builtin/scale-schema.ts';
import { invalid, type FieldError } from '../field-error.ts';
import { childObject, isJsonObject, type Json, type JsonObject, type KubeObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { printerColumns } from '../table/printer-columns.ts';
import type { ScalePaths } from './scale-paths.ts';

export const scaleSubresource: Subresource = {
  name: 'scale',
  verbs: ['get', 'patch', 'update'],
  responseKind: scaleKind,
  schema: scaleSchema,
};

/** What is at a path; undefined where nothing is. */
function at(object: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = object;
  for (const name of path) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

/** spec.replicas of an object; undefined where it has none. */
export function specReplicas(object: KubeObject, paths: ScalePaths): number | undefined {
  const value = at(object, paths.spec);
  return typeof value === 'number' ? value : undefined;
}

/** A copy of `object` with spec.replicas set. */
export function withSpecReplicas(object: KubeObject, paths: ScalePaths, replicas: number): KubeObject {
  const copy = structuredClone(object);
  let node: JsonObject = copy;
  for (const name of paths.spec.slice(0, -1)) {
    const child = childObject(node, name) ?? {};
    node[name] = child;
    node = child;
  }
  node[paths.spec.at(-1) ?? ''] = replicas;
  return copy;
}

/** `object` as a Scale, without managers. */
export function scaleOf(object: KubeObject, paths: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const [replicas, current, selector] = [specReplicas(object, paths), at(object, paths.status), at(object, paths.selector)];
  return {
    kind: scaleKind.kind,
    apiVersion: `${scaleKind.group}/${scaleKind.version}`,
    metadata: { name, ...(namespace !== undefined && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: replicas === undefined || replicas === 0 ? {} : { replicas },
    status: {
      replicas: typeof current === 'number' ? current : 0,
      ...(paths.selector.length > 0 && typeof selector === 'string' && selector !== '' && { selector }),
    },
  };
}

/** The resource that serves Scales of the objects of `parent`. */
export function scaleResource(parent: Resource, paths: ScalePaths): Resource {
  const unchanged = (): never => {
    throw new Error('A Scale is not stored'); // storeCandidate writes the object itself
  };
  return {
    ...parent,
    ...scaleKind,
    scaled: { parent, paths },
    subresources: [],
    tag: `${parent.tag}/scale`,
    storageTag: '',
    schema: scaleSchema,
    hasStatus: false,
    unconditionalUpdate: true,
    selectableFields: [],
    selectedFields: () => ({}),
    ...printerColumns([
      { name: 'Desired', type: 'integer', jsonPath: '.spec.replicas', description: 'How many there shall be.' },
      { name: 'Available', type: 'integer', jsonPath: '.status.replicas', description: 'How many there are.' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since creation.' },
    ]),
    decode: (object) => decodeBuiltin(object, scaleSchema),
    prepare: unchanged,
    validate: unchanged,
    toStorage: unchanged,
    fromStorage: (stored) => {
      const object = parent.fromStorage(stored);
      parent.decode(object);
      return scaleOf(object, paths);
    },
    views: new WeakMap(),
    rows: new WeakMap(),
    fields: new WeakMap(),
  };
}

const largest = 2 ** 31 - 1;

/** What is wrong with the numbers of an object that can be scaled, however it is written. */
export function validateScaled(object: KubeObject, paths: ScalePaths, subresource: string): FieldError[] {
  const errors: FieldError[] = [];
  const count = (path: string, value: Json | undefined): void => {
    if (typeof value === 'object' || value === undefined) return; // its type is for the schema to judge
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      const type = { string: 'string', boolean: 'bool', number: 'float64' }[typeof value as 'string' | 'boolean' | 'number'];
      errors.push(invalid(path, 0, `${path} accessor error: ${String(value)} is of the type ${type}, expected int64`));
    } else if (value < 0) errors.push(invalid(path, value, 'should be a non-negative integer'));
    else if (value > largest) errors.push(invalid(path, value, `should be less than or equal to ${String(largest)}`));
  };
  if (subresource !== 'status') count(paths.specReplicasPath, at(object, paths.spec));
  count(paths.statusReplicasPath, at(object, paths.status));
  return errors;
}
