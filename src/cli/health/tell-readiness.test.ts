import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Log } from '../../kube/log.ts';
import { ConnectionError } from '../../kube/api-error.ts';
import { ManualClock } from '../../lib/manual-clock.ts';
import { Repeats } from '../log/repeats.ts';
import { Readiness } from './readiness.ts';
import { tellReadiness } from './tell-readiness.ts';

describe('telling in the log whether a process is ready', () => {
  let clock: ManualClock;
  let repeats: Repeats;
  let reason: string | undefined;
  let lines: [string, object][];
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(() => {
    clock = new ManualClock();
    repeats = new Repeats(clock);
    reason = undefined;
    lines = [];
    stop = new AbortController();
    const take = (fields: object, message: string): void => void lines.push([message, fields]);
    const log: Log = { debug: take, info: take, warn: take, error: take };
    const readiness = new Readiness();
    readiness.add('requests', () => reason);
    readiness.add('watches', () => (reason === undefined ? undefined : 'cut'));
    running = tellReadiness({ readiness, repeats, clock, log }, stop.signal);
  });

  afterEach(async () => {
    stop.abort();
    await running;
  });

  it('tells nothing of a moment, and once what lasts and when it is over', async () => {
    reason = 'no answer';
    await clock.advance(5_000);
    reason = undefined;
    await clock.advance(5_000);
    expect(lines).toEqual([]);
    reason = 'no answer';
    await clock.advance(120_000);
    expect(lines).toEqual([['not ready', { check: 'requests', reason: 'no answer', others: ['watches'] }]]);
    reason = undefined;
    await clock.advance(2_000);
    expect(lines.slice(1)).toEqual([['ready again', { seconds: expect.closeTo(120, -1) as number }]]);
  });

  it('leaves it to the line of the fault when there is one, and lets the next be told', async () => {
    const err = new ConnectionError('Cannot list nodes: ECONNREFUSED');
    expect(repeats.admit('warn', 'cannot follow', { err })).toMatchObject({ fault: 'ApiServerUnreachable' });
    reason = 'no answer';
    await clock.advance(120_000);
    expect(lines).toEqual([]);
    reason = undefined;
    await clock.advance(2_000);
    expect(lines.map(([message]) => message)).toEqual(['ready again']);
    expect(repeats.admit('warn', 'cannot follow', { err })).toBeDefined();
    // Over before it was looked at: its end is told all the same.
    await clock.advance(1_000);
    expect(lines.map(([message]) => message)).toEqual(['ready again', 'ready again']);
  });
});
