import { sleep, type Clock } from '../lib/clock.ts';

/** Whether `signal` is aborted by now: a call, for the compiler takes the property for constant across an await. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Waits `delay` ms; false, at once, when `signal` is aborted. */
export async function pause(clock: Clock, delay: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(clock, delay, signal);
    return true;
  } catch (error) {
    if (isAborted(signal)) return false;
    throw error;
  }
}
