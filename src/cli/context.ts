import type { Logger } from 'pino';
import type { Clock } from '../lib/clock.ts';
import type { Repeats } from './log/repeats.ts';

/** What a command gets from the process it runs in. */
export interface CliContext {
  /** Text for the user; a line break is added. */
  readonly print: (line: string) => void;
  /** What a person should know besides: it goes to standard error, so that what is printed can be used as it is. */
  readonly note: (line: string) => void;
  /** A logger that writes JSON lines to standard error. */
  readonly logger: (level: string) => Logger;
  /** What the logger keeps from being written again and again. */
  readonly repeats: Repeats;
  /** Aborted by SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** How this program is started again: the executable and its first arguments. */
  readonly self: readonly [string, ...string[]];
  /** The package's own files (crds, profiles), as a directory URL ending in a slash. */
  readonly packageRoot: URL;
  /** Tells the process or service manager that started this one, if one waits for it, that the command serves now. `status`: how, for people. */
  readonly notifyReady: (status: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
}
