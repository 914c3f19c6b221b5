import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareStrings, goFloat, goJson, goNumber, goQuote } from './go-format.ts';

describe('numbers as Go prints them', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [1_000_000, '1000000'],
    [1.5, '1.5'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1_234_567.5, '1.2345675e+06'],
    [2 ** 63, '9.223372036854776e+18'],
    [1e300, '1e+300'],
  ])('%d', (value, text) => {
    expect(goNumber(value)).toBe(text);
  });

  it('tells a float from an int64 of the same value', () => {
    expect(goFloat(2147483648)).toBe('2.147483648e+09');
    expect(goFloat(5)).toBe('5');
  });
});

describe('JSON as Go prints it', () => {
  it('sorts keys of maps and keeps the order of structs', () => {
    expect(goJson({ b: 1, a: null })).toBe('{"a":null,"b":1}');
    expect(
      goJson(
        new Map<string, unknown>([
          ['Rule', 'x'],
          ['Message', null],
        ]),
      ),
    ).toBe('{"Rule":"x","Message":null}');
  });

  it('is JSON for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(JSON.parse(goJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('quoted text', () => {
  it('never holds a bare quote or a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        expect(goQuote(text)).toMatch(/^"(?:[^"\\\p{Cc}]|\\[^])*"$/u);
      }),
    );
  });
});

describe('the order of texts', () => {
  it('is that of code points, as in Go', () => {
    expect(['\uFFFD', '😀', 'a', ''].sort(compareStrings)).toEqual(['', 'a', '\uFFFD', '😀']);
  });
});
