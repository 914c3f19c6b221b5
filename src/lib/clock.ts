/**
 * Time as the code sees it: injected, so that tests turn it by hand.
 * All durations are milliseconds; `now` is milliseconds since the epoch, `monotonic` only ever grows.
 */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Calls `callback` once after `delay` ms; the returned function cancels. The timer does not keep the process alive. */
  setTimeout(callback: () => void, delay: number): () => void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(callback, delay) {
    const timer = setTimeout(callback, delay);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Resolves after `delay` ms of `clock`; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, delay);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
