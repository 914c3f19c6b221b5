import { pino, type DestinationStream, type Logger } from 'pino';
import { describeError } from './describe-error.ts';
import type { Repeats } from './repeats.ts';
import { scrub } from './scrub.ts';

/** Levels that are for people who look for a fault: nothing is kept back there. */
const forSearching: readonly string[] = ['trace', 'debug'];

/**
 * A logger that writes a JSON object a line. Its keys are stable: `level` (a word), `time` (ISO 8601), `msg` (constant for each place in the
 * program), what the line is about (`device`, `uuid`, `parent`, `node`, `resource`, ...), `err` as `describeError` has it, and what
 * `Repeats` adds. Nothing that looks like a credential gets through.
 * @param destination where lines go; standard error, written at once, if left out
 */
export function createLogger(
  level: string,
  repeats: Repeats,
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      hooks: {
        logMethod(args, method, number) {
          const [fields, message] = args as [unknown, unknown];
          const label = pino.levels.labels[number] ?? '';
          if (typeof fields !== 'object' || fields === null || forSearching.includes(label)) {
            method.apply(this, args);
            return;
          }
          const addition = repeats.admit(label, String(message), fields);
          if (addition !== undefined) method.call(this, { ...fields, ...addition }, String(message));
        },
      },
    },
    { write: (line: string) => destination.write(scrub(line)) },
  );
}
