/** What an Event must hold. core/v1 is lenient for old clients; events.k8s.io/v1 asks for the whole new form. */
import { isDeepStrictEqual } from 'node:util';
import { invalid, required, type FieldError } from '../field-error.ts';
import type { JsonObject, KubeObject } from '../object.ts';
import { toCoreEvent } from './event-conversion.ts';
import { numberAt, objectAt, textAt } from './fields.ts';
import { checkDns1123Subdomain, checkQualifiedName } from '../schema/names.ts';

const SHORT_LIMIT = 128;
const NOTE_LIMIT = 1024;

/** Refusals of an event of either view, named by the fields of core/v1 as kube-apiserver does. */
export function validateEvent(object: KubeObject, old?: KubeObject): FieldError[] {
  const event = toCoreEvent(object);
  const strict = object.apiVersion !== 'v1';
  const errors = textAt(event, 'eventTime') === '' ? validateOldForm(event) : validateNewForm(event, strict);
  const namespace = event.metadata.namespace ?? '';
  errors.push(...checkDns1123Subdomain(namespace).map((detail) => invalid('namespace', namespace, detail)));
  if (!strict) return errors;
  return [...errors, ...(old === undefined ? validateStrictCreate(event) : validateStrictUpdate(event, toCoreEvent(old)))];
}

function validateOldForm(event: KubeObject): FieldError[] {
  const namespace = event.metadata.namespace ?? '';
  const involved = textAt(objectAt(event, 'involvedObject'), 'namespace');
  const matches = involved === '' ? namespace === '' || namespace === 'default' : involved === namespace;
  return matches ? [] : [invalid('involvedObject.namespace', involved, 'does not match event.namespace')];
}

function validateNewForm(event: KubeObject, strict: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const namespace = event.metadata.namespace ?? '';
  const involved = textAt(objectAt(event, 'involvedObject'), 'namespace');
  if (involved === '' && namespace !== 'default' && namespace !== 'kube-system') {
    errors.push(invalid('involvedObject.namespace', involved, 'does not match event.namespace'));
  }
  const controllerField = strict ? 'reportingController' : 'reportingComponent';
  const controller = textAt(event, 'reportingComponent');
  if (controller === '') errors.push(required(controllerField));
  errors.push(...checkQualifiedName(controller).map((detail) => invalid(controllerField, controller, detail)));
  for (const field of ['reportingInstance', 'action', 'reason']) {
    const value = textAt(event, field);
    if (value === '') errors.push(required(field));
    if (Buffer.byteLength(value) > SHORT_LIMIT) errors.push(invalid(field, '', `can have at most ${SHORT_LIMIT} characters`));
  }
  if (Buffer.byteLength(textAt(event, 'message')) > NOTE_LIMIT) {
    errors.push(invalid('message', '', `can have at most ${NOTE_LIMIT} characters`));
  }
  return errors;
}

function validateSeries(event: KubeObject): FieldError[] {
  if (!Object.hasOwn(event, 'series')) return [];
  const series: JsonObject = objectAt(event, 'series');
  return [
    ...(numberAt(series, 'count') < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(textAt(series, 'lastObservedTime') === '' ? [required('series.lastObservedTime')] : []),
  ];
}

function validateStrictCreate(event: KubeObject): FieldError[] {
  const errors = validateSeries(event);
  if (textAt(event, 'eventTime') === '') errors.push(required('eventTime'));
  const type = textAt(event, 'type');
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid('type', '', `has invalid value: ${type}`));
  const source = objectAt(event, 'source');
  const set: Record<string, boolean> = {
    firstTimestamp: textAt(event, 'firstTimestamp') !== '',
    lastTimestamp: textAt(event, 'lastTimestamp') !== '',
    count: numberAt(event, 'count') !== 0,
    source: textAt(source, 'component') !== '' || textAt(source, 'host') !== '',
  };
  for (const [field, isSet] of Object.entries(set)) if (isSet) errors.push(invalid(field, '', 'needs to be unset'));
  return errors;
}

const immutable: readonly string[] = [
  ...['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'reason', 'type', 'eventTime', 'action'],
  ...['related', 'reportingController', 'reportingInstance'],
];

function validateStrictUpdate(event: KubeObject, old: KubeObject): FieldError[] {
  const errors = isDeepStrictEqual(event.series, old.series) ? [] : validateSeries(event);
  for (const field of immutable) {
    const key = field === 'reportingController' ? 'reportingComponent' : field;
    if (!isDeepStrictEqual(event[key] ?? null, old[key] ?? null)) errors.push(invalid(field, event[key] ?? null, 'field is immutable'));
  }
  return errors;
}
