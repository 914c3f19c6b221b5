import { pause } from '../../kube/abort.ts';
import type { Log } from '../../kube/log.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Repeats } from '../log/repeats.ts';
import type { Readiness } from './readiness.ts';

export interface TellOptions {
  readonly readiness: Readiness;
  readonly repeats: Pick<Repeats, 'faultTold' | 'forgetFaults'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often is looked, and how long a process may be unready before that is told although no fault was, ms. */
const interval = 1_000;
const patience = 30_000;

/**
 * Tells in the log when the process is ready again, and that it is not when nothing else has told why: a fault has a line of its own already.
 */
export async function tellReadiness({ readiness, repeats, clock, log }: TellOptions, signal: AbortSignal): Promise<void> {
  let since: number | undefined;
  let told = false;
  do {
    const [first, ...more] = readiness.unready();
    const now = clock.monotonic();
    if (first === undefined) {
      // A fault may have come and gone between two looks.
      if (told || repeats.faultTold) log.info({ seconds: Math.round((now - (since ?? now)) / 1000) }, 'ready again');
      since = undefined;
      told = false;
      repeats.forgetFaults();
      continue;
    }
    since ??= now;
    if (told || repeats.faultTold || now - since < patience) continue;
    told = true;
    log.warn({ check: first.check, reason: first.reason, others: more.map(({ check }) => check) }, 'not ready');
  } while (await pause(clock, interval, signal));
}
