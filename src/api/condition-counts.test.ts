import { describe, expect, it } from 'vitest';
import type { Condition } from './condition.ts';
import { countConditions } from './condition-counts.ts';

function condition(type: string, status: Condition['status'], reason: string): Condition {
  return { type, status, reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
}

describe('counting conditions', () => {
  it('counts those that are alike together', () => {
    const ready = condition('Ready', 'True', 'Ready');
    expect(countConditions([ready, condition('Ready', 'False', 'NoCapacity'), ready])).toEqual([
      { condition: 'Ready', status: 'True', reason: 'Ready', count: 2 },
      { condition: 'Ready', status: 'False', reason: 'NoCapacity', count: 1 },
    ]);
  });

  it('takes all reasons that are none of ours for one, however many there are', () => {
    const strange = Array.from({ length: 100 }, (_, index) => condition('Ready', 'False', `Strange${index}`));
    expect(countConditions(strange)).toEqual([{ condition: 'Ready', status: 'False', reason: 'Other', count: 100 }]);
  });
});
