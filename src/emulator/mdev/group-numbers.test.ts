import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupNumbers } from './group-numbers.ts';

describe('group numbers', () => {
  it('are always the smallest that is free', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(30)), { maxLength: 200, size: 'max' }), (steps) => {
        const numbers = new GroupNumbers();
        const taken: number[] = [];
        for (const step of steps) {
          if (step === null || taken.length === 0) {
            let smallest = 0;
            while (taken.includes(smallest)) smallest++;
            expect(numbers.take()).toBe(smallest);
            taken.push(smallest);
          } else {
            for (const given of taken.splice(step % taken.length, 1)) numbers.give(given);
          }
        }
      }),
    );
  });
});
