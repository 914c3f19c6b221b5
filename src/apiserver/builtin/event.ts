/** Event of core/v1 and of events.k8s.io/v1: two views of the same stored objects. */
import type { KubeObject } from '../object.ts';
import { humanDuration } from './age.ts';
import { column, nameColumn } from './columns.ts';
import { toCoreEvent, toEventsEvent } from './event-conversion.ts';
import { coreEventSchema, eventsEventSchema } from './event-schema.ts';
import { validateEvent } from './event-validation.ts';
import { numberAt, objectAt, textAt } from './fields.ts';
import type { BuiltinResource, TableCell } from './resource.ts';
import type { TypeSchema } from './type-schema.ts';

const referenceFields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

function row(object: KubeObject, now: number): TableCell[] {
  const event = toCoreEvent(object);
  const since = (time: string): string => (time === '' ? '<unknown>' : humanDuration(now - Date.parse(time)));
  const first = since(textAt(event, 'firstTimestamp') || textAt(event, 'eventTime'));
  const last = textAt(event, 'lastTimestamp');
  const series = Object.hasOwn(event, 'series') ? objectAt(event, 'series') : undefined;
  const involved = objectAt(event, 'involvedObject');
  const kind = textAt(involved, 'kind').toLowerCase();
  const name = textAt(involved, 'name');
  const source = objectAt(event, 'source');
  const component = textAt(source, 'component') || textAt(event, 'reportingComponent');
  const instance = textAt(source, 'host') || textAt(event, 'reportingInstance');
  return [
    series !== undefined ? since(textAt(series, 'lastObservedTime')) : last === '' ? first : since(last),
    textAt(event, 'type'),
    textAt(event, 'reason'),
    name === '' ? kind : `${kind}/${name}`,
    textAt(involved, 'fieldPath'),
    instance === '' ? component : `${component}, ${instance}`,
    textAt(event, 'message').trim(),
    first,
    series !== undefined ? numberAt(series, 'count') : numberAt(event, 'count') || 1,
    event.metadata.name,
  ];
}

function selectedFields(object: KubeObject, reference: string, component: string): Record<string, string> {
  const event = toCoreEvent(object);
  const involved = objectAt(event, 'involvedObject');
  return {
    ...Object.fromEntries(referenceFields.map((field) => [`${reference}.${field}`, textAt(involved, field)])),
    reason: textAt(event, 'reason'),
    [component]: textAt(event, 'reportingComponent'),
    ...(component === 'reportingComponent' && {
      source: textAt(objectAt(event, 'source'), 'component') || textAt(event, 'reportingComponent'),
    }),
    type: textAt(event, 'type'),
  };
}

interface View {
  readonly group: string;
  readonly schema: TypeSchema;
  /** What this view calls involvedObject and reportingComponent. */
  readonly reference: string;
  readonly component: string;
  readonly fromStorage: (object: KubeObject) => KubeObject;
}

const view = ({ group, schema, reference, component, fromStorage }: View): BuiltinResource => ({
  group,
  version: 'v1',
  kind: 'Event',
  listKind: 'EventList',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  categories: [],
  namespaced: true,
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [],
  storage: 'events',
  schema,
  hasGeneration: false,
  createOnUpdate: true,
  unconditionalUpdate: true,
  columns: [
    column('Last Seen', 'The time since it was last seen.'),
    column('Type', 'Normal or Warning.'),
    column('Reason', 'Why it happened, for programs.'),
    column('Object', 'The object the event is about.'),
    column('Subobject', 'The part of the object the event is about.', 1),
    column('Source', 'Who reported the event.', 1),
    column('Message', 'What happened, for people.'),
    column('First Seen', 'The time since it was first seen.', 1),
    column('Count', 'How often it happened.', 1),
    nameColumn(1),
  ],
  row,
  selectableFields: [
    ...referenceFields.map((field) => `${reference}.${field}`),
    'reason',
    component,
    ...(component === 'reportingComponent' ? ['source'] : []),
    'type',
  ],
  selectedFields: (object) => selectedFields(object, reference, component),
  applyDefaults: () => undefined,
  prepare: () => undefined,
  validate: (object, _subresource, old) => validateEvent(object, old),
  toStorage: toCoreEvent,
  fromStorage,
});

export const coreEventResource = view({
  group: '',
  schema: coreEventSchema,
  reference: 'involvedObject',
  component: 'reportingComponent',
  fromStorage: toCoreEvent,
});

export const eventsEventResource = view({
  group: 'events.k8s.io',
  schema: eventsEventSchema,
  reference: 'regarding',
  component: 'reportingController',
  fromStorage: toEventsEvent,
});
