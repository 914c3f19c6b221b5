import type { Logger } from 'pino';
import type { CliContext } from './context.ts';
import { explain } from './health/explain.ts';
import { UsageError } from './usage-error.ts';

/** A role has ended by an error that its log tells already. */
export class RoleFailed extends Error {}

/**
 * Does the work of a role. An error that ends it is the last line of its log, with what to do where that is known.
 * @throws RoleFailed then; UsageError as it is, for whoever has typed the command
 */
export async function runRole(context: CliContext, log: Logger, role: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (cause instanceof UsageError || context.signal.aborted) throw cause;
    log.fatal({ err: cause, ...explain(cause) }, `${role} cannot go on and ends`);
    throw new RoleFailed(`${role} failed`, { cause });
  }
}
