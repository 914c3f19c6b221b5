import type { Clock } from '../lib/clock.ts';
import { ProviderError, type ProviderStep } from './contract.ts';

/** Something that a kernel is asked to do, and that cannot be stopped once it has begun. */
export interface Question<T> {
  readonly step: ProviderStep;
  readonly clock: Clock;
  /** How long the kernel may take to answer, in ms. */
  readonly deadline: number;
  /** What is said when it takes longer. */
  readonly overdue: string;
  /** Begins it. `isWanted`: whether somebody still waits for it. */
  readonly operation: (isWanted: () => boolean) => Promise<T>;
  /** The deadline has passed. */
  readonly onDeadline?: () => void;
  /** It has ended, and nobody waits for it any more. */
  readonly onLate: (outcome: PromiseSettledResult<T>) => void;
}

/**
 * Waits for the answer until the deadline passes or `signal` aborts. What was begun goes on, and its end is told by `onLate`.
 * @throws what the operation throws; ProviderError ETIMEDOUT; the signal's reason when it aborts
 */
export function answerWithin<T>(question: Question<T>, signal: AbortSignal): Promise<T> {
  const { step, clock, deadline, overdue, operation, onDeadline, onLate } = question;
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
      onDeadline?.();
      reject(new ProviderError('ETIMEDOUT', step, overdue));
    }, deadline);
    signal.addEventListener('abort', onAbort);
    operation(() => waiting).then(
      (value) => {
        if (!waiting) onLate({ status: 'fulfilled', value });
        stop();
        resolve(value);
      },
      (reason: unknown) => {
        if (!waiting) onLate({ status: 'rejected', reason });
        stop();
        reject(reason instanceof Error ? reason : new Error(String(reason)));
      },
    );
  });
}
