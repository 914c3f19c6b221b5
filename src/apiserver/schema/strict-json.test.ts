import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodySyntaxError, MAX_DEPTH, parseJson, strictDecodingError } from './strict-json.ts';

describe('a JSON body', () => {
  it('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(parseJson(text)).toEqual({ value: JSON.parse(text) as unknown, strictErrors: [] });
      }),
      { numRuns: 200 },
    );
  });

  it('tells repeated keys with their paths, and takes the last', () => {
    const { value, strictErrors } = parseJson('{"a":1,"a":2,"spec":{"list":[{},{"y":1,"y":2}]},"a":3}');
    expect(value).toEqual({ a: 3, spec: { list: [{}, { y: 2 }] } });
    expect(strictErrors).toEqual(['duplicate field "a"', 'duplicate field "spec.list[1].y"']);
  });

  it.each([
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a"', 'unexpected end of JSON input'],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['[1 2]', "invalid character '2' after array element"],
    ['tru?', "invalid character '?' in literal true (expecting 'e')"],
    ['01', "invalid character '1' after top-level value"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['"\n"', String.raw`invalid character '\n' in string literal`],
    [String.raw`"\x"`, "invalid character 'x' in string escape code"],
    [String.raw`"\u12x4"`, String.raw`invalid character 'x' in \u hexadecimal character escape`],
    ['{} {}', "invalid character '{' after top-level value"],
    ['1e999', 'json: cannot unmarshal number 1e999 into Go value of type float64'],
  ])('%s is refused with Go’s words', (text, message) => {
    expect(() => parseJson(text)).toThrow(new BodySyntaxError(message));
  });

  it('may nest deep but not without bound, and never exhausts the stack', () => {
    const nest = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(JSON.stringify(parseJson(nest(MAX_DEPTH)).value)).toBe(nest(MAX_DEPTH));
    expect(() => parseJson(nest(MAX_DEPTH + 1))).toThrow('exceeded max depth');
    expect(() => parseJson('{"a":'.repeat(1_000_000))).toThrow('exceeded max depth');
  });

  it('keeps __proto__ as a key of its own', () => {
    const { value } = parseJson('{"__proto__":{"polluted":true}}');
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('replaces halves of surrogate pairs', () => {
    expect(parseJson(String.raw`"a\ud800b"`).value).toBe('a\uFFFDb');
  });
});

describe('the strict decoding message', () => {
  it('names repetitions, then unknown fields', () => {
    expect(strictDecodingError(['duplicate field "a"'], ['spec.foo'])).toBe(
      'strict decoding error: duplicate field "a", unknown field "spec.foo"',
    );
    expect(strictDecodingError([], [])).toBeUndefined();
  });
});
