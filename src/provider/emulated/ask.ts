import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import { ErrnoError } from '../../lib/errno.ts';
import { ProviderError, type ProviderStep } from '../contract.ts';

export interface AskInit {
  readonly clock: Clock;
  readonly log: Logger;
  /** How long the kernel may take to answer, in ms. */
  readonly deadline: number;
}

/**
 * Has the emulated kernel do `operation`, and waits for it until the deadline passes or `signal` aborts. The kernel cannot be
 * stopped in what it has begun: it goes on, and how it ended is then only logged.
 * @throws ProviderError with what the kernel answered, or ETIMEDOUT; the signal's reason when it aborts
 */
export function ask<T>(init: AskInit, step: ProviderStep, what: string, operation: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const { clock, log, deadline } = init;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let waiting = true;
    const stop = (): void => {
      waiting = false;
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      stop();
      reject(signal.reason as Error);
    };
    const cancelTimer = clock.setTimeout(() => {
      stop();
      reject(new ProviderError('ETIMEDOUT', step, `The kernel has not answered within ${deadline} ms: ${what}`));
    }, deadline);
    signal.addEventListener('abort', onAbort);
    operation().then(
      (answer) => {
        if (!waiting) log.info({ step, what }, 'the emulated kernel is done with an operation nobody waited for any more');
        stop();
        resolve(answer);
      },
      (error: unknown) => {
        if (!waiting) log.warn({ step, what, err: error }, 'the emulated kernel refused an operation nobody waited for any more');
        stop();
        reject(toProviderError(error, step));
      },
    );
  });
}

/** The error as the contract wants it. What the kernel did not answer itself is a fault of the emulation: EIO. */
export function toProviderError(error: unknown, step: ProviderStep): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof ErrnoError) return new ProviderError(error.code, step, error.message, { cause: error });
  return new ProviderError('EIO', step, error instanceof Error ? error.message : String(error), { cause: error });
}
