import { describe, expect, it } from 'vitest';
import { parseFieldSelector } from './field-selector.ts';
import { parseLabelSelector } from './label-selector.ts';

const labels = { app: 'x', tier: '2', empty: '' };

describe('a label selector', () => {
  it.each([
    ['app=x', true],
    ['app==x', true],
    ['app=y', false],
    ['app!=x', false],
    ['app != y', true],
    ['other!=y', true],
    ['app in (x, y)', true],
    ['app in (y)', false],
    ['app notin (y,z)', true],
    ['other notin (y)', true],
    ['app', true],
    ['other', false],
    ['!other', true],
    ['! app', false],
    ['tier>1', true],
    ['tier<2', false],
    ['empty=', true],
    ['empty in (,a)', true],
    ['app=x,tier=2,!other', true],
    ['app=x,tier=3', false],
    ['toString', false],
  ])('%s', (text, expected) => {
    expect(parseLabelSelector(text)?.(labels)).toBe(expected);
  });

  it('that is empty selects everything', () => {
    expect(parseLabelSelector(' ')).toBeUndefined();
  });

  it('sees no labels on an object without any', () => {
    expect(parseLabelSelector('app')?.(undefined)).toBe(false);
    expect(parseLabelSelector('!app')?.(undefined)).toBe(true);
  });

  it.each(['app=x y', ',', 'app in x', 'app in (x', '=x', 'app===x', 'UPPER/x=1', 'tier>one', 'app=x,', 'app in', 'app=(x)', 'app=a b c'])(
    '%s is refused',
    (text) => {
      expect(() => parseLabelSelector(text)).toThrow();
    },
  );
});

describe('a field selector', () => {
  const fields = { 'spec.a': 'x,y', 'spec.b': '', 'metadata.name': 'n' };
  it.each([
    ['spec.a=x\\,y', true],
    ['spec.a!=x\\,y', false],
    ['spec.b=', true],
    ['spec.b==,metadata.name=n', true],
    ['metadata.name!=n', false],
  ])('%s', (text, expected) => {
    expect(parseFieldSelector(text, ['spec.a', 'spec.b'], true)?.matches(fields)).toBe(expected);
  });

  it.each(['spec.c=1', 'spec.a', 'spec.a=x=y', 'spec.a=\\x'])('%s is refused', (text) => {
    expect(() => parseFieldSelector(text, ['spec.a'], true)).toThrow();
  });

  it('tells the one name it asks for', () => {
    expect(parseFieldSelector('metadata.name=n', [], false)?.name).toBe('n');
  });
});
