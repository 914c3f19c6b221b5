import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob } from './glob.ts';

describe('matchesGlob', () => {
  it.each([
    ['nvidia-11', 'nvidia-11', true],
    ['nvidia-1', 'nvidia-11', false],
    ['nvidia-*', 'nvidia-', true],
    ['GRID *Q', 'GRID M60-2Q', true],
    ['GRID *Q', 'GRID M60-2B', false],
    ['a*a', 'a', false],
    ['a*b*a', 'aba', true],
    ['a*ba*a', 'aba', false],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a.c', 'abc', false],
    ['team-\\E.*', 'team-\\E.a', true],
  ])('%s and %s: %s', (pattern, text, matches) => {
    expect(matchesGlob(pattern, text)).toBe(matches);
  });

  it('agrees with the regular expression that means the same', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '\\'), maxLength: 8 });
    fc.assert(
      fc.property(word, word, (pattern, text) => {
        const expression = pattern
          .split('*')
          .map((part) => part.replace(/[\\.]/g, '\\$&'))
          .join('.*');
        expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${expression}$`).test(text));
      }),
    );
  });
});
