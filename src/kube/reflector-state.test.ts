import { describe, expect, it } from 'vitest';
import { backoff, initialState, step, type ReflectorInput, type ReflectorState } from './reflector-state.ts';

function after(...inputs: ReflectorInput<string>[]): ReflectorState<string> {
  return inputs.reduce<ReflectorState<string>>((state, input) => step(state, input).state, initialState());
}

const page: ReflectorInput<string> = { type: 'page', items: ['a'], resourceVersion: '5', continue: undefined };
const failure: ReflectorInput<string> = { type: 'failed', expired: false, away: false, retryAfter: undefined };
const absence: ReflectorInput<string> = { type: 'failed', expired: false, away: true, retryAfter: undefined };
const expiry: ReflectorInput<string> = { type: 'failed', expired: true, away: false, retryAfter: undefined };

describe('step', () => {
  it('replaces the store only when the last page is there', () => {
    const first = step<string>(initialState(), { type: 'page', items: ['a'], resourceVersion: '5', continue: 'next' });
    expect(first.change).toBeUndefined();
    const second = step(first.state, { type: 'page', items: ['b'], resourceVersion: '5', continue: undefined });
    expect(second.change).toEqual({ type: 'replace', items: ['a', 'b'] });
    expect(second.state).toMatchObject({ phase: 'Watching', resourceVersion: '5' });
  });

  it('begins a list anew when a page fails, so that no half list replaces the store', () => {
    const state = after({ type: 'page', items: ['a'], resourceVersion: '5', continue: 'next' }, failure, { type: 'waited' });
    expect(state).toEqual({ phase: 'Listing', continue: undefined, items: [], failures: 1 });
  });

  it('watches from the same version after a failure, and lists after an expiry', () => {
    expect(after(page, failure, { type: 'waited' })).toMatchObject({ phase: 'Watching', resourceVersion: '5', failures: 1 });
    expect(after(page, expiry)).toMatchObject({ phase: 'Listing', failures: 1 });
    expect(after(page, failure, { type: 'waited' }, expiry)).toMatchObject({ phase: 'Waiting', next: { phase: 'Listing' } });
  });

  it('lists anew when the server stayed away, not when a connection broke once or the server refuses', () => {
    const waited: ReflectorInput<string> = { type: 'waited' };
    expect(after(page, absence, waited)).toMatchObject({ phase: 'Watching', doubtful: true });
    expect(after(page, absence, waited, absence, waited)).toMatchObject({ phase: 'Listing', failures: 2 });
    expect(after(page, failure, waited, failure, waited)).toMatchObject({ phase: 'Watching', failures: 2 });
    expect(after(page, absence, waited, { type: 'bookmark', resourceVersion: '6' }, absence, waited)).toMatchObject({ phase: 'Watching' });
  });

  it('forgets failures after an event or a long life, not after a mere connection', () => {
    const failed = after(page, failure, { type: 'waited' });
    expect(step(failed, { type: 'bookmark', resourceVersion: '6' }).state).toMatchObject({ failures: 0, resourceVersion: '6' });
    expect(step(failed, { type: 'ended', lived: 60_000, idle: false }).state).toMatchObject({ phase: 'Watching', failures: 0 });
    expect(step(failed, { type: 'ended', lived: 59_999, idle: false }).state).toMatchObject({ phase: 'Watching', failures: 1 });
    expect(step(failed, { type: 'ended', lived: 999, idle: false }).state).toMatchObject({ phase: 'Waiting', failures: 2 });
    expect(after(page, failure, { type: 'waited' }, failure, { type: 'waited' }, expiry)).toMatchObject({ failures: 3 });
  });

  it('watches on at once when a busy server ends a watch that brought nothing, and has the server looked at before', () => {
    const ended: ReflectorInput<string> = { type: 'ended', lived: 1_000, idle: false };
    for (const endings of [1, 2, 9])
      expect(after(page, ...Array.from({ length: endings }, () => ended))).toEqual({
        phase: 'Watching',
        resourceVersion: '5',
        progress: false,
        doubtful: true,
        failures: 0,
      });
  });

  it('ignores what does not fit the state, such as an event of a watch that is over', () => {
    const waiting = after(page, failure);
    for (const input of [
      page,
      { type: 'put', object: 'x', resourceVersion: '9' } as const,
      { type: 'ended', lived: 0, idle: true } as const,
    ]) {
      expect(step(waiting, input)).toEqual({ state: waiting, change: undefined });
    }
  });
});

describe('backoff', () => {
  it('doubles from half a second to thirty, with up to half of it left to chance', () => {
    expect([1, 2, 3, 7, 50].map((failures) => backoff(failures, () => 1))).toEqual([500, 1000, 2000, 30_000, 30_000]);
    expect(backoff(1, () => 0)).toBe(250);
  });
});
