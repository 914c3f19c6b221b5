import { describe, expect, it } from 'vitest';
import { compileGoRegExp } from './go-regexp.ts';

describe('a Go pattern', () => {
  it.each([
    ['^a+$', 'aa', 'ab'],
    ['(?i)abc', 'xABCx', 'ab'],
    ['a|(?i)b|c', 'C', 'A'],
    ['(?i:a)b', 'Ab', 'AB'],
    ['(?s)a.c', 'a\nc', 'abd'],
    ['a.c', 'a\u2028c', 'a\nc'],
    ['(?m)^b$', 'a\nb\nc', 'ab'],
    ['^b$', 'b', 'b\n'],
    ['\\Aa\\z', 'a', 'a\n'],
    ['\\Qa.b\\E', 'xa.bx', 'axb'],
    ['[[:alpha:]]+[^[:space:]]$', 'ab', 'a '],
    ['^\\pL\\p{Greek}$', 'aα', 'αa'],
    ['^\\s$', ' ', '\u00a0'],
    ['^[\\w.-]+$', 'a-b.c_1', 'a b'],
    ['^\\x41\\x{1F600}$', 'A😀', 'A'],
    ['^[]a]$', ']', 'b'],
    ['^a{,2}$', 'a{,2}', 'aa'],
    ['(?P<n>a)(?P<n>b)', 'ab', 'ba'],
    ['^.$', '😀', 'ab'],
  ])('%s matches %j but not %j', (pattern, yes, no) => {
    expect(compileGoRegExp(pattern).test(yes)).toBe(true);
    expect(compileGoRegExp(pattern).test(no)).toBe(false);
  });

  it.each([
    ['(', 'missing closing ): `(`'],
    ['a)', 'unexpected ): `a)`'],
    ['[a', 'missing closing ]: `[a`'],
    ['*a', 'missing argument to repetition operator: `*`'],
    ['a**', 'invalid nested repetition operator: `**`'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['[z-a]', 'invalid character class range: `z-a`'],
    ['\\1', 'invalid escape sequence: `\\1`'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(?<!a)b', 'invalid named capture: `(?<!a)b`'],
    ['\\pX', 'invalid character class range: `\\pX`'],
    ['\\', 'trailing backslash at end of expression: ``'],
  ])('%s is refused with Go’s words', (pattern, message) => {
    expect(() => compileGoRegExp(pattern)).toThrow(`error parsing regexp: ${message}`);
  });
});
