import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../lib/manual-clock.ts';
import { ApiError } from './api-error.ts';
import { WorkQueue, type Worker } from './work-queue.ts';

/** Lets everything that can go on without the clock go on. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('WorkQueue', () => {
  let clock: ManualClock;
  let stop: AbortController;
  let errors: [string, number][];

  function queueOf(concurrency = 1): WorkQueue {
    return new WorkQueue({
      clock,
      random: () => 0,
      concurrency,
      baseDelay: 100,
      maxDelay: 1000,
      onError: (key, _error, delay) => errors.push([key, delay]),
    });
  }

  beforeEach(() => {
    clock = new ManualClock();
    stop = new AbortController();
    errors = [];
  });

  it('works on a key once, however often it was added, in order of arrival', async () => {
    const queue = queueOf();
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    const seen: string[] = [];
    const run = queue.run(async (key) => void seen.push(key), stop.signal);
    await settle();
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(queue.idle).toBe(true);
    expect(clock.pending).toBe(0);
    stop.abort();
    await run;
  });

  it('never works on one key twice at a time, and comes back to what was added meanwhile', async () => {
    const queue = queueOf(4);
    const open: (() => void)[] = [];
    const running: string[] = [];
    const run = queue.run(async (key) => {
      expect(running).not.toContain(key);
      running.push(key);
      await new Promise<void>((resolve) => open.push(resolve));
      running.splice(running.indexOf(key), 1);
    }, stop.signal);
    queue.add('a');
    queue.add('b');
    await settle();
    queue.add('a');
    queue.add('a');
    expect([...running]).toEqual(['a', 'b']);
    open[0]?.();
    await settle();
    expect([...running]).toEqual(['b', 'a']);
    for (const release of open) release();
    await settle();
    expect(queue.idle).toBe(true);
    stop.abort();
    await run;
  });

  it('works on so many keys at a time and no more', async () => {
    const queue = queueOf(3);
    let most = 0;
    const run = queue.run(async () => {
      most = Math.max(most, queue.active);
      await settle();
    }, stop.signal);
    for (let index = 0; index < 20; index++) queue.add(`k${index}`);
    while (!queue.idle) await settle();
    expect(most).toBe(3);
    stop.abort();
    await run;
  });

  it('tries a failing key again with doubled delays up to a limit, and begins anew after a success', async () => {
    const queue = queueOf();
    let failing = true;
    const run = queue.run(async () => {
      if (failing) throw new Error('no');
    }, stop.signal);
    queue.add('a');
    for (let index = 0; index < 6; index++) {
      await settle();
      await clock.advance(errors.at(-1)?.[1] ?? 0);
    }
    await settle();
    expect(errors.map(([, delay]) => delay).slice(0, 6)).toEqual([50, 100, 200, 400, 500, 500]);
    failing = false;
    await clock.advance(500);
    failing = true;
    queue.add('a');
    await settle();
    expect(errors.at(-1)).toEqual(['a', 50]);
    stop.abort();
    await run;
  });

  it('does not try again before the time that the server asked for', async () => {
    const queue = queueOf();
    const run = queue.run(async () => {
      throw new ApiError(429, 'TooManyRequests', 'later', {}, 9000);
    }, stop.signal);
    queue.add('a');
    await settle();
    expect(errors).toEqual([['a', 9000]]);
    stop.abort();
    await run;
  });

  it('keeps the earlier of two delays, and drops a key that is forgotten', async () => {
    const queue = queueOf();
    const seen: string[] = [];
    const run = queue.run(async (key) => void seen.push(key), stop.signal);
    queue.addAfter('a', 300);
    queue.addAfter('a', 100);
    queue.addAfter('a', 200);
    queue.addAfter('b', 100);
    queue.forget('b');
    await clock.advance(100);
    expect(seen).toEqual(['a']);
    await clock.advance(1000);
    expect(seen).toEqual(['a']);
    stop.abort();
    await run;
  });

  it('ends when aborted, once the work at hand is done, and leaves no timer', async () => {
    const queue = queueOf();
    let release = (): void => undefined;
    const worker: Worker = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    let ended = false;
    const run = queue.run(worker, stop.signal).then(() => {
      ended = true;
    });
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 50);
    stop.abort();
    await settle();
    expect(ended).toBe(false);
    expect(clock.pending).toBe(0);
    release();
    await run;
    expect(queue.length).toBe(1);
  });

  it('tells how many keys wait, how long each has waited, and how the work went', async () => {
    const told: unknown[] = [];
    const queue = new WorkQueue({
      clock,
      random: () => 0,
      concurrency: 1,
      baseDelay: 100,
      onError: () => undefined,
      telemetry: {
        depth: (waiting) => told.push(['depth', waiting]),
        added: () => told.push('added'),
        started: (waited) => told.push(['started', waited]),
        done: (seconds, failed) => told.push(['done', seconds, failed]),
      },
    });
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(told.splice(0)).toEqual(['added', ['depth', 1], 'added', ['depth', 2]]);
    await clock.advance(1500);
    const run = queue.run(async (key) => {
      await clock.advance(500);
      if (key === 'b') throw new Error('no');
    }, stop.signal);
    while (!queue.idle) await settle();
    expect(told).toEqual([
      ['depth', 1],
      ['started', 1.5],
      ['done', 0.5, false],
      ['depth', 0],
      ['started', 2],
      ['done', 0.5, true],
    ]);
    stop.abort();
    await run;
  });
});
