#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
/** `kubectl mdev`: kubectl runs what is named so in $PATH. */
import { styleText } from 'node:util';
import { CommanderError } from 'commander';
import { buildPlugin } from './cli/mdev-plugin/program.ts';
import { UsageError } from './cli/usage-error.ts';
import { systemClock } from './lib/clock.ts';

const colours = { good: 'green', bad: 'red', quiet: 'dim' } as const;

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(`Ended by ${name}`)));

const program = buildPlugin({
  print: (text) => process.stdout.write(`${text}\n`),
  clock: systemClock,
  // Colours on a terminal only, and not where NO_COLOR says so.
  paint: (tone, text) => styleText(colours[tone], text, { stream: process.stdout }),
  terminal: process.stdout.isTTY ? process.stdout : undefined,
  setExitCode: (code) => {
    process.exitCode = code;
  },
  signal: stop.signal,
});

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own errors and help already.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    const text = error instanceof UsageError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`kubectl mdev: ${text}\n`);
    process.exitCode = 2;
  }
}
