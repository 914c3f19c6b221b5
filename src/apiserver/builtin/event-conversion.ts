/** Event between its two views: core/v1, which is also the stored form, and events.k8s.io/v1. */
import type { KubeObject } from '../object.ts';

/** [core/v1, events.k8s.io/v1] names of the fields that differ. */
const names: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];
const toEvents: ReadonlyMap<string, string> = new Map(names);
const toCore: ReadonlyMap<string, string> = new Map(names.map(([core, events]) => [events, core]));

function rename(object: KubeObject, apiVersion: string, fields: ReadonlyMap<string, string>): KubeObject {
  const renamed = Object.entries(object).map(([key, value]) => [fields.get(key) ?? key, value] as const);
  return { ...(Object.fromEntries(renamed) as KubeObject), apiVersion };
}

/** The core/v1 view of an event of either view; values are shared with `event`. */
export function toCoreEvent(event: KubeObject): KubeObject {
  if (event.apiVersion === 'v1') return event;
  const core = rename(event, 'v1', toCore);
  core.reportingComponent ??= '';
  core.reportingInstance ??= '';
  return core;
}

/** The events.k8s.io/v1 view of an event of either view; values are shared with `event`. */
export function toEventsEvent(event: KubeObject): KubeObject {
  if (event.apiVersion !== 'v1') return event;
  const view = rename(event, 'events.k8s.io/v1', toEvents);
  // These two are optional here, while core/v1 always writes them.
  for (const key of ['reportingController', 'reportingInstance']) if (view[key] === '') Reflect.deleteProperty(view, key);
  return view;
}
