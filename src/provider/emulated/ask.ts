import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import { ErrnoError } from '../../lib/errno.ts';
import { answerWithin, type Question } from '../answer-within.ts';
import { ProviderError, type ProviderStep } from '../contract.ts';

export interface AskInit {
  readonly clock: Clock;
  readonly log: Logger;
  /** How long the kernel may take to answer, in ms. */
  readonly deadline: number;
}

/**
 * Has the emulated kernel do `operation`, and waits for it until the deadline passes or `signal` aborts. How what was not waited for
 * ended is only logged.
 * @throws ProviderError with what the kernel answered, or ETIMEDOUT; the signal's reason when it aborts
 */
export function ask<T>(init: AskInit, step: ProviderStep, what: string, operation: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const { clock, log, deadline } = init;
  const question: Question<T> = {
    step,
    clock,
    deadline,
    overdue: `The kernel has not answered within ${deadline} ms: ${what}`,
    async operation() {
      try {
        return await operation();
      } catch (error) {
        throw toProviderError(error, step);
      }
    },
    onLate(outcome) {
      if (outcome.status === 'fulfilled')
        log.info({ step, what }, 'the emulated kernel is done with an operation nobody waited for any more');
      else log.warn({ step, what, err: outcome.reason as unknown }, 'the emulated kernel refused an operation nobody waited for any more');
    },
  };
  return answerWithin(question, signal);
}

/** The error as the contract wants it. What the kernel did not answer itself is a fault of the emulation: EIO. */
export function toProviderError(error: unknown, step: ProviderStep): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof ErrnoError) return new ProviderError(error.code, step, error.message, { cause: error });
  return new ProviderError('EIO', step, error instanceof Error ? error.message : String(error), { cause: error });
}
