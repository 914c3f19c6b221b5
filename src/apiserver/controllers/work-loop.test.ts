import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/manual-clock.ts';
import { startWorkLoop } from './work-loop.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Work that ends when the test says so. */
function gate(): { readonly started: string[]; work: (key: string) => Promise<void>; release: (key: string, error?: Error) => void } {
  const started: string[] = [];
  const open = new Map<string, (error?: Error) => void>();
  return {
    started,
    work: (key) => {
      started.push(key);
      return new Promise((resolve, reject) => {
        open.set(key, (error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
      });
    },
    release: (key, error) => open.get(key)?.(error),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a work loop', () => {
  it('works on as many keys as it may at a time, and on one key never twice', async () => {
    const { started, work, release } = gate();
    const loop = startWorkLoop({ name: 'test', clock: new ManualClock(), log: quiet, concurrency: 2, work });
    for (const key of ['a', 'b', 'c', 'a']) loop.add(key);
    await turn();
    expect(started).toEqual(['a', 'b']);
    loop.add('a');
    release('b');
    await turn();
    expect(started).toEqual(['a', 'b', 'c']);
    release('a');
    await turn();
    expect(started).toEqual(['a', 'b', 'c', 'a']);
    release('a');
    release('c');
    await loop.idle();
    await loop.close();
  });

  it('comes back to a key that failed, later and later', async () => {
    const clock = new ManualClock();
    const attempts: number[] = [];
    const loop = startWorkLoop({
      name: 'test',
      clock,
      log: quiet,
      work: async () => {
        attempts.push(clock.monotonic());
        if (attempts.length < 4) throw new Error('not yet');
      },
    });
    loop.add('a');
    await turn();
    await clock.advance(1000);
    expect(attempts).toEqual([0, 50, 150, 350]);
    await loop.close();
  });

  it('once closed takes no more, and waits for what is under way', async () => {
    const { started, work, release } = gate();
    const loop = startWorkLoop({ name: 'test', clock: new ManualClock(), log: quiet, work });
    loop.add('a');
    loop.add('b');
    await turn();
    let closed = false;
    const closing = loop.close().then(() => (closed = true));
    loop.add('c');
    await turn();
    expect(closed).toBe(false);
    release('a');
    await closing;
    expect(started).toEqual(['a']);
  });
});
