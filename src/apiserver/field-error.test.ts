import { describe, expect, it } from 'vitest';
import {
  aggregateFieldErrors,
  duplicate,
  fieldErrorBody,
  forbidden,
  internalError,
  invalid,
  invalidMessage,
  notFound,
  notSupported,
  renderFieldError,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from './field-error.ts';

describe('a field error', () => {
  it.each([
    [invalid('spec.uuid', 'x', 'must be a UUID'), 'spec.uuid: Invalid value: "x": must be a UUID'],
    [invalid('spec.n', 5, ''), 'spec.n: Invalid value: 5'],
    [invalid('spec.f', 1e20, 'too big'), 'spec.f: Invalid value: 1e+20: too big'],
    [invalid('spec.o', { b: [1], a: '<' }, 'no'), String.raw`spec.o: Invalid value: {"a":"\u003c","b":[1]}: no`],
    [invalid('<nil>', null, 'nothing'), '<nil>: Invalid value: null: nothing'],
    [
      typeInvalid('spec', 'string', 'spec in body must be of type object'),
      'spec: Invalid value: "string": spec in body must be of type object',
    ],
    [required('metadata.name', 'name or generateName is required'), 'metadata.name: Required value: name or generateName is required'],
    [required('spec'), 'spec: Required value'],
    [duplicate('spec.list[1]', { k: 'a' }), 'spec.list[1]: Duplicate value: {"k":"a"}'],
    [forbidden('spec', 'immutable'), 'spec: Forbidden: immutable'],
    [notFound('spec.ref', 'x'), 'spec.ref: Not found: "x"'],
    [notSupported('spec.mode', 'X', ['A', 'B']), 'spec.mode: Unsupported value: "X": supported values: "A", "B"'],
    [tooLong('spec.name', 63), 'spec.name: Too long: may not be more than 63 bytes'],
    [tooLong('spec.name', 1), 'spec.name: Too long: may not be more than 1 byte'],
    [tooMany('spec.list', 17, 16), 'spec.list: Too many: 17: must have at most 16 items'],
    [tooMany('spec.list', 2, 1), 'spec.list: Too many: 2: must have at most 1 item'],
    [internalError('spec', 'broken'), 'spec: Internal error: broken'],
  ])('reads as kube-apiserver prints it (%#)', (error, text) => {
    expect(renderFieldError(error)).toBe(text);
  });

  it('leaves the value out where none was recorded', () => {
    expect(fieldErrorBody({ type: 'FieldValueInvalid', field: 'spec', detail: 'is immutable' })).toBe('Invalid value: is immutable');
  });

  it('quotes texts as Go does', () => {
    expect(renderFieldError(invalid('f', 'a"\\\n\u0001é\u2028😀', ''))).toBe(String.raw`f: Invalid value: "a\"\\\n\x01é\u2028😀"`);
  });
});

describe('several field errors', () => {
  it('stand in brackets, repeated ones once', () => {
    const errors = [required('a'), forbidden('b', 'no'), required('a')];
    expect(aggregateFieldErrors(errors)).toBe('[a: Required value, b: Forbidden: no]');
  });

  it('make the message of a 422', () => {
    expect(invalidMessage('MdevDevice.mediated.dev', 'x', [required('spec')])).toBe(
      'MdevDevice.mediated.dev "x" is invalid: spec: Required value',
    );
    expect(invalidMessage('Namespace', 'x', [])).toBe('Namespace "x" is invalid');
  });
});
