/** The types of meta.k8s.io/v1 that every object and list shares. */
import {
  always,
  anyValue,
  atomicList,
  flag,
  int32,
  int64,
  keyedList,
  mapOf,
  requiredText,
  setList,
  struct,
  text,
  use,
} from './type-builders.ts';
import type { TypeSchema } from './type-schema.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

export const timeSchema: TypeSchema = {
  definition: `${META}.Time`,
  goType: 'string',
  type: 'string',
  format: 'date-time',
  description: 'A time as RFC 3339 writes it, with whole seconds.',
};

export const microTimeSchema: TypeSchema = {
  definition: `${META}.MicroTime`,
  goType: 'string',
  type: 'string',
  format: 'date-time',
  description: 'A time as RFC 3339 writes it, with microseconds.',
};

export const fieldsV1Schema: TypeSchema = {
  definition: `${META}.FieldsV1`,
  type: 'object',
  description:
    'A set of fields as a tree: "f:<name>" a field, "k:<keys>" a list item by its keys, "v:<value>" a list item by its value, "." the node itself.',
  'x-kubernetes-preserve-unknown-fields': true,
};

export const managedFieldsEntrySchema = struct(`${META}.ManagedFieldsEntry`, 'The fields one manager holds through one way of writing.', {
  apiVersion: text('The version of the resource that the field names belong to, as group/version.'),
  fieldsType: text('How the fields are written down; only FieldsV1 exists.'),
  fieldsV1: use(fieldsV1Schema, 'The fields themselves.'),
  manager: text('The name of the manager.'),
  operation: text('How the manager came to hold the fields: Apply or Update.', { goType: 'v1.ManagedFieldsOperationType' }),
  subresource: text('The subresource written through; empty for the object itself.'),
  time: use(timeSchema, 'When the entry was added or last changed its fields.'),
});

export const ownerReferenceSchema: TypeSchema = {
  ...struct(
    `${META}.OwnerReference`,
    'An object that this one belongs to: when its last owner is gone, the garbage collector deletes it.',
    {
      apiVersion: requiredText('API version of the owner.'),
      blockOwnerDeletion: flag('Foreground deletion of the owner waits until this object is gone.', { keepZero: true }),
      controller: flag('The owner is the controller of this object; at most one owner is.', { keepZero: true }),
      kind: requiredText('Kind of the owner.'),
      name: requiredText('Name of the owner.'),
      uid: requiredText('UID of the owner.', 'types.UID'),
    },
    ['apiVersion', 'kind', 'name', 'uid'],
  ),
  'x-kubernetes-map-type': 'atomic',
};

export const objectMetaSchema = struct(
  `${META}.ObjectMeta`,
  'What every stored object carries: its name, identity, labels and bookkeeping.',
  {
    annotations: mapOf({ type: 'string', default: '' }, 'Free notes of tools about the object, by key; they cannot be selected by.'),
    creationTimestamp: use(timeSchema, 'When the server stored the object first. Set by the server.'),
    deletionGracePeriodSeconds: int64('Seconds the object was given to end when its deletion was asked for. Set by the server.', {
      keepZero: true,
    }),
    deletionTimestamp: use(
      timeSchema,
      'When the deletion was asked for; the object goes once its finalizers are empty. Set by the server.',
    ),
    finalizers: setList({ type: 'string', default: '' }, 'Names of those who still have work to do before the object may go.'),
    generateName: text('A prefix from which the server makes a unique name when no name is given.'),
    generation: int64('Counts the changes of the desired state. Set by the server.'),
    labels: mapOf({ type: 'string', default: '' }, 'Names and values by which the object can be selected.'),
    managedFields: {
      ...atomicList(managedFieldsEntrySchema, 'Who set which fields. Kept by the server for server-side apply.'),
      // An empty list asks the server to forget all managers.
      keepZero: true,
    },
    name: text('The name, unique among the objects of its kind in a namespace. It cannot be changed.'),
    namespace: text('The namespace the name is unique in; empty for kinds that have none. It cannot be changed.'),
    ownerReferences: keyedList(ownerReferenceSchema, 'uid', 'The objects this one belongs to.'),
    resourceVersion: text('An opaque mark of this version of the object, for watches and to notice conflicting writes. Set by the server.'),
    selfLink: text('No longer set.'),
    uid: text('The identity of the object in time and space. Set by the server.', { goType: 'types.UID' }),
  },
);

export const listMetaSchema = struct(`${META}.ListMeta`, 'What every list carries.', {
  continue: text('Set when more objects follow: pass it on to get the next page.'),
  remainingItemCount: int64('How many objects follow after this page, when that is known.', { keepZero: true }),
  resourceVersion: text('The version of the store the list shows; a watch can start from it.'),
  selfLink: text('No longer set.'),
});

const apiVersionField = text('The group and version of the schema that this object is written in.');
const kindField = text('The kind of the object.');

/** A whole object: apiVersion, kind, metadata and the fields given. */
export function topLevel(
  definition: string,
  gvk: { group: string; version: string; kind: string },
  description: string,
  properties: { readonly [name: string]: TypeSchema },
  required: readonly string[] = [],
): TypeSchema {
  const whole = {
    apiVersion: apiVersionField,
    kind: kindField,
    metadata: always(objectMetaSchema, 'Name, labels and bookkeeping.'),
    ...properties,
  };
  return { ...struct(definition, description, whole, required), 'x-kubernetes-group-version-kind': [gvk] };
}

/** The list of `item`. */
export function listOf(item: TypeSchema): TypeSchema {
  const gvk = item['x-kubernetes-group-version-kind']?.[0];
  const name = gvk?.kind ?? 'Object';
  return {
    ...struct(
      `${item.definition ?? name}List`,
      `A list of ${name} objects.`,
      {
        apiVersion: apiVersionField,
        items: { type: 'array', description: 'The objects.', items: item },
        kind: kindField,
        metadata: always(listMetaSchema, 'The version of the list and where it goes on.'),
      },
      ['items'],
    ),
    ...(gvk === undefined ? {} : { 'x-kubernetes-group-version-kind': [{ ...gvk, kind: `${gvk.kind}List` }] }),
  };
}

const statusCauseSchema = struct(`${META}.StatusCause`, 'One of the causes of a refusal.', {
  field: text('The field that caused it.'),
  message: text('What is wrong, for people.'),
  reason: text('What is wrong, for programs.'),
});

/** The answer to a request that failed, or to one that has nothing else to answer. */
export const statusSchema: TypeSchema = {
  ...struct(`${META}.Status`, 'The outcome of a request.', {
    apiVersion: apiVersionField,
    code: int32('The HTTP code of the answer.'),
    details: struct(`${META}.StatusDetails`, 'More about the outcome, by reason.', {
      causes: atomicList(statusCauseSchema, 'The single causes of a refusal.'),
      group: text('The API group of the resource.'),
      kind: text('The kind or resource that the request was about.'),
      name: text('The name of the object.'),
      retryAfterSeconds: int32('After how many seconds to try again.'),
      uid: text('The UID of the object.'),
    }),
    kind: kindField,
    message: text('The outcome, for people.'),
    metadata: always(listMetaSchema, 'Empty.'),
    reason: text('The outcome, for programs.'),
    status: text('Success or Failure.'),
  }),
  'x-kubernetes-group-version-kind': [{ group: '', kind: 'Status', version: 'v1' }],
};

/** The body of a DELETE. */
export const deleteOptionsSchema: TypeSchema = {
  ...struct(`${META}.DeleteOptions`, 'How to delete an object.', {
    apiVersion: apiVersionField,
    dryRun: atomicList({ type: 'string', default: '' }, 'All: decide and answer, but store nothing.'),
    gracePeriodSeconds: int64('Seconds the object is given to end.', { keepZero: true }),
    kind: kindField,
    orphanDependents: flag('Older form of propagationPolicy.', { keepZero: true }),
    preconditions: struct(`${META}.Preconditions`, 'Delete only if the object is the one meant.', {
      resourceVersion: text('The resourceVersion it must have.', { keepZero: true }),
      uid: text('The UID it must have.', { keepZero: true }),
    }),
    propagationPolicy: text('What becomes of the objects it owns: Orphan, Background or Foreground.', { keepZero: true }),
  }),
  'x-kubernetes-group-version-kind': [{ group: '', kind: 'DeleteOptions', version: 'v1' }],
};

/** The body of a patch request. */
export const patchSchema: TypeSchema = anyValue(`${META}.Patch`, 'A patch of one of the types the API takes.');
