import { ApiError } from '../../kube/api-error.ts';
import { errnoOf } from '../../lib/errno.ts';
import { ProviderError } from '../../provider/contract.ts';

/** An error as it stands in the log, under `err`. */
export interface DescribedError {
  /** The class. */
  readonly type: string;
  /** What failed and why, in one line, the causes included. */
  readonly message: string;
  /** The errno, where a kernel refused. */
  readonly errno?: string;
  /** The step of a provider that failed. */
  readonly step?: string;
  /** The HTTP status and the reason, where an API server refused. */
  readonly code?: number;
  readonly reason?: string;
  /** Where in the program; only of what looks like a mistake in it. */
  readonly stack?: string;
}

/** Errors that a mistake in a program makes: where it is matters then. */
const mistakes = [TypeError, RangeError, ReferenceError, SyntaxError, EvalError] as const;

/** How many causes are followed: more tell nothing new, and a ring would never end. */
const deepest = 5;
const longest = 1000;

function messages(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error, depth = 0; at !== undefined && depth < deepest; depth += 1) {
    const text = (at instanceof Error ? at.message : typeof at === 'string' ? at : JSON.stringify(at)).replaceAll(/\s*\n\s*/g, '; ');
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join(': ').slice(0, longest);
}

/** What a log says of `error`: a line, no stack, unless it looks like a mistake in the program. */
export function describeError(error: unknown): DescribedError {
  const message = messages(error);
  if (!(error instanceof Error)) return { type: typeof error, message };
  const errno = error instanceof ProviderError ? error.code : (errnoOf(error) ?? errnoOf(error.cause));
  return {
    type: error.name === 'Error' ? error.constructor.name : error.name,
    message,
    ...(errno !== undefined && { errno }),
    ...(error instanceof ProviderError && { step: error.step }),
    ...(error instanceof ApiError && { code: error.code, reason: error.reason }),
    ...(mistakes.some((mistake) => error instanceof mistake) && error.stack !== undefined && { stack: error.stack }),
  };
}
