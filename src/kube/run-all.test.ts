import { describe, expect, it } from 'vitest';
import { runAll } from './run-all.ts';

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

describe('runAll', () => {
  it('ends all tasks when one fails, and tells why', async () => {
    const ended: string[] = [];
    const run = runAll(
      [
        async (signal) => {
          await untilAborted(signal);
          ended.push('other');
        },
        () => Promise.reject(new Error('broken')),
      ],
      new AbortController().signal,
    );
    await expect(run).rejects.toThrow('broken');
    expect(ended).toEqual(['other']);
  });

  it('takes no error for one that comes of being stopped', async () => {
    const stop = new AbortController();
    const run = runAll(
      [
        untilAborted,
        async (signal) => {
          await untilAborted(signal);
          throw signal.reason;
        },
      ],
      stop.signal,
    );
    stop.abort(new Error('enough'));
    await run;
  });

  it('starts nothing that lasts under a signal that is aborted already', async () => {
    const seen: boolean[] = [];
    await runAll([async (signal) => void seen.push(signal.aborted)], AbortSignal.abort(new Error('too late')));
    expect(seen).toEqual([true]);
  });
});
