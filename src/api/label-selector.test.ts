import { describe, expect, it } from 'vitest';
import { matchesSelector } from './label-selector.ts';

describe('a label selector', () => {
  const labels = { zone: 'a', gpu: 'm60' };

  it('matches everything when it is empty or left out', () => {
    expect(matchesSelector(undefined, labels)).toBe(true);
    expect(matchesSelector({}, {})).toBe(true);
  });

  it('needs every label and every expression', () => {
    expect(matchesSelector({ matchLabels: { zone: 'a' } }, labels)).toBe(true);
    expect(matchesSelector({ matchLabels: { zone: 'a', gpu: 'p40' } }, labels)).toBe(false);
    expect(matchesSelector({ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a', 'b'] }] }, labels)).toBe(true);
    expect(matchesSelector({ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, labels)).toBe(false);
    expect(matchesSelector({ matchExpressions: [{ key: 'rack', operator: 'NotIn', values: ['1'] }] }, labels)).toBe(true);
    expect(
      matchesSelector(
        {
          matchExpressions: [
            { key: 'gpu', operator: 'Exists' },
            { key: 'rack', operator: 'DoesNotExist' },
          ],
        },
        labels,
      ),
    ).toBe(true);
  });
});
