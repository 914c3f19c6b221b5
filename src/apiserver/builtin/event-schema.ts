/** The schemas of Event as core/v1 and as events.k8s.io/v1 write it. */
import { microTimeSchema, timeSchema, topLevel } from './meta-schema.ts';
import { always, int32, struct, text, use } from './type-builders.ts';
import type { TypeSchema } from './type-schema.ts';

const CORE = 'io.k8s.api.core.v1';
const unsetTime = { always: true, nullable: true } as const;

const objectReference: TypeSchema = {
  ...struct(`${CORE}.ObjectReference`, 'Names an object.', {
    apiVersion: text('API version of the object.'),
    fieldPath: text('The part of the object that is meant, e.g. spec.containers{name}.'),
    kind: text('Kind of the object.'),
    name: text('Name of the object.'),
    namespace: text('Namespace of the object.'),
    resourceVersion: text('The version of the object that is meant.'),
    uid: text('UID of the object.', { goType: 'types.UID' }),
  }),
  'x-kubernetes-map-type': 'atomic',
};

const eventSource = struct(`${CORE}.EventSource`, 'Who reported an event.', {
  component: text('The component that reported it.'),
  host: text('The node it was reported from.'),
});

const action = text('What was done or failed, for programs.');
const reason = text('Why it was done, for programs.');
const type = text('Normal or Warning.');
const reportingInstance = 'The instance of the controller that reported the event, e.g. its host name.';

export const coreEventSchema = topLevel(
  `${CORE}.Event`,
  { group: '', version: 'v1', kind: 'Event' },
  'An event: a report of something that happened to an object.',
  {
    action,
    count: int32('How often it happened.'),
    eventTime: use(microTimeSchema, 'When it was first seen.', unsetTime),
    firstTimestamp: use(timeSchema, 'When it was first recorded.', unsetTime),
    involvedObject: always(objectReference, 'The object the event is about.'),
    lastTimestamp: use(timeSchema, 'When it was last recorded.', unsetTime),
    message: text('What happened, for people.'),
    reason,
    related: use(objectReference, 'A second object that matters.'),
    reportingComponent: text('The controller that reported the event, e.g. kubernetes.io/kubelet.', { default: '', always: true }),
    reportingInstance: text(reportingInstance, { default: '', always: true }),
    series: struct(`${CORE}.EventSeries`, 'How the event goes on, when it happens again and again.', {
      count: int32('How often it happened up to the last heartbeat.'),
      lastObservedTime: use(microTimeSchema, 'When it was last seen.', unsetTime),
    }),
    source: always(eventSource, 'Who reported the event.'),
    type,
  },
  ['metadata', 'involvedObject'],
);

export const eventsEventSchema = topLevel(
  'io.k8s.api.events.v1.Event',
  { group: 'events.k8s.io', version: 'v1', kind: 'Event' },
  'An event: a report of something that happened to an object.',
  {
    action,
    deprecatedCount: int32('count of core/v1.'),
    deprecatedFirstTimestamp: use(timeSchema, 'firstTimestamp of core/v1.', unsetTime),
    deprecatedLastTimestamp: use(timeSchema, 'lastTimestamp of core/v1.', unsetTime),
    deprecatedSource: always(eventSource, 'source of core/v1.'),
    eventTime: use(microTimeSchema, 'When it was first seen. Required.', unsetTime),
    note: text('What happened, for people; at most 1 kB.'),
    reason,
    regarding: always(objectReference, 'The object the event is about.'),
    related: use(objectReference, 'A second object that matters.'),
    reportingController: text('The controller that reported the event, e.g. kubernetes.io/kubelet.'),
    reportingInstance: text(reportingInstance),
    series: struct(
      'io.k8s.api.events.v1.EventSeries',
      'How the event goes on, when it happens again and again.',
      {
        count: int32('How often it happened up to the last heartbeat.', { default: 0, always: true }),
        lastObservedTime: use(microTimeSchema, 'When it was last seen.', unsetTime),
      },
      ['count', 'lastObservedTime'],
    ),
    type,
  },
  ['eventTime'],
);
