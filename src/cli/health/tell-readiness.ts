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
    if (first !== undefined) {
      since ??= now;
      if (told || repeats.faultTold || now - since < patience) continue;
      told = true;
      log.warn({ check: first.check, reason: first.reason, others: more.map(({ check }) => check) }, 'not ready');
      continue;
    }
    since = undefined;
    const trouble = told || repeats.faultTold;
    repeats.forgetFaults();
    if (repeats.faultTold) continue; // it may be back in a moment
    if (trouble) log.info({}, 'ready again');
    told = false;
  } while (await pause(clock, interval, signal));
}
