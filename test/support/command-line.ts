import { Repeats } from '../../src/cli/log/repeats.ts';
import { pino } from 'pino';
import { buildProgram } from '../../src/cli/program.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { patient } from '../provider/support.ts';

/** What a command has said, and the error that it ended with. */
export interface Said {
  readonly printed: string;
  readonly notes: readonly string[];
  readonly error: Error | undefined;
}

/** Runs a command of mdev-operator in this process, to its end. `env`: its whole environment, but for the flags'. */
export async function runCommand(args: readonly string[], env: Record<string, string> = {}): Promise<Said> {
  const printed: string[] = [];
  const notes: string[] = [];
  const program = buildProgram({
    print: (text) => printed.push(text),
    note: (text) => notes.push(text),
    logger: () => pino({ level: 'silent' }),
    repeats: new Repeats(systemClock),
    signal: patient,
    clock: systemClock,
    self: [process.execPath],
    packageRoot: new URL('../../', import.meta.url),
    notifyReady: () => undefined,
    env,
  });
  const [outcome] = await Promise.allSettled([program.parseAsync(args, { from: 'user' })]);
  return { printed: printed.join('\n'), notes, error: outcome.status === 'rejected' ? (outcome.reason as Error) : undefined };
}
