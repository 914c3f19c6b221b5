/**
 * A refusal of one field of an object, worded and rendered as Kubernetes' field.Error
 * (k8s.io/apimachinery/pkg/util/validation/field). Every validator of this API server returns a list of these;
 * status.ts makes the `causes` of a 422 from them.
 */
import { goJson, goNumber, goQuote } from './schema/go-format.ts';

/** The CauseType of a refusal, as it appears in Status.details.causes[].reason. */
export type FieldErrorType = keyof typeof TITLES;

const TITLES = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTooFew: 'Too few',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueTooShort: 'Too short',
  InternalError: 'Internal error',
} as const;

// These never show the value, whatever was recorded.
const VALUELESS: ReadonlySet<FieldErrorType> = new Set([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'FieldValueTooShort',
  'InternalError',
]);

export interface FieldError {
  readonly type: FieldErrorType;
  /** Path from the object's root: `spec.list[0].name`, `metadata.labels[a/b]`. "<nil>" for the object itself. */
  readonly field: string;
  /** The value that was refused; leave the property out where none shall be shown. */
  readonly badValue?: unknown;
  readonly detail: string;
}

/** The message without the field: a cause's `message`. */
export function fieldErrorBody(error: FieldError): string {
  let text: string = TITLES[error.type];
  if (!VALUELESS.has(error.type) && Object.hasOwn(error, 'badValue')) text += `: ${renderValue(error.badValue)}`;
  return error.detail === '' ? text : `${text}: ${error.detail}`;
}

/** The whole message, `spec.uuid: Invalid value: "x": ...`. */
export function renderFieldError(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`;
}

/** The errors in one text: brackets around several, none around one, repeated ones once. Empty for none. */
export function aggregateFieldErrors(errors: readonly FieldError[]): string {
  const messages = [...new Set(errors.map(renderFieldError))];
  return messages.length > 1 ? `[${messages.join(', ')}]` : (messages[0] ?? '');
}

/** A 422's message; `kind` is qualified by its group (`MdevDevice.mediated.dev`, `Namespace`). */
export function invalidMessage(kind: string, name: string, errors: readonly FieldError[]): string {
  const head = `${kind} ${goQuote(name)} is invalid`;
  return errors.length === 0 ? head : `${head}: ${aggregateFieldErrors(errors)}`;
}

function renderValue(value: unknown): string {
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'number') return goNumber(value);
  return goJson(value);
}

/** A value is missing. */
export function required(field: string, detail = ''): FieldError {
  return { type: 'FieldValueRequired', field, badValue: '', detail };
}

/** A value is malformed. */
export function invalid(field: string, badValue: unknown, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field, badValue, detail };
}

/** A value is not of the schema's type. */
export function typeInvalid(field: string, badValue: unknown, detail: string): FieldError {
  return { type: 'FieldValueTypeInvalid', field, badValue, detail };
}

/** A value is there twice where it has to be unique. */
export function duplicate(field: string, badValue: unknown): FieldError {
  return { type: 'FieldValueDuplicate', field, badValue, detail: '' };
}

/** A value may not be set, or not now. */
export function forbidden(field: string, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field, badValue: '', detail };
}

/** What a reference points to is not there. */
export function notFound(field: string, badValue: unknown): FieldError {
  return { type: 'FieldValueNotFound', field, badValue, detail: '' };
}

/** A value outside an enumeration; the order of `supported` is kept. */
export function notSupported(field: string, badValue: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? '' : `supported values: ${supported.map(goQuote).join(', ')}`;
  return { type: 'FieldValueNotSupported', field, badValue, detail };
}

/** A text longer than `maxLength`; Kubernetes says bytes even where a schema counts characters. */
export function tooLong(field: string, maxLength: number): FieldError {
  return { type: 'FieldValueTooLong', field, badValue: '<value omitted>', detail: `may not be more than ${plural(maxLength, 'byte')}` };
}

/** A list or map of `actual` items where at most `max` may be. */
export function tooMany(field: string, actual: number, max: number): FieldError {
  return { type: 'FieldValueTooMany', field, badValue: actual, detail: `must have at most ${plural(max, 'item')}` };
}

/** The server could not judge the value. */
export function internalError(field: string, detail: string): FieldError {
  return { type: 'InternalError', field, badValue: null, detail };
}

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
