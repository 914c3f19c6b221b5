import { describe, expect, it } from 'vitest';
import { takeAll } from './teardown.ts';

describe('taking all steps', () => {
  const fail = (message: string) => (): never => {
    throw new Error(message);
  };

  it('takes them in order, whatever others throw, and passes on what one has thrown', () => {
    const taken: string[] = [];
    const step = (name: string) => () => {
      taken.push(name);
    };
    expect(() => takeAll(step('a'), fail('broken'), step('b'))).toThrow('broken');
    expect(taken).toEqual(['a', 'b']);
    takeAll(step('c'));
  });

  it('passes on all that several have thrown', () => {
    expect(() => takeAll(fail('a'), fail('b'))).toThrow(AggregateError);
  });
});
