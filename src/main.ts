#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { CommanderError } from 'commander';
import { buildProgram } from './cli/program.ts';
import { createLogger } from './cli/log/logger.ts';
import { Repeats } from './cli/log/repeats.ts';
import { RoleFailed } from './cli/run-role.ts';
import { UsageError } from './cli/usage-error.ts';
import { systemClock } from './lib/clock.ts';

// Whatever is made below the data directory, by whichever library, is this user's alone.
process.umask(0o077);

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(`Ended by ${name}`)));

const repeats = new Repeats(systemClock);
const program = buildProgram({
  print: (line) => process.stdout.write(`${line}\n`),
  note: (line) => process.stderr.write(`${line}\n`),
  logger: (level) => createLogger(level, repeats),
  repeats,
  signal: stop.signal,
  clock: systemClock,
  self: [process.execPath, ...process.execArgv, import.meta.filename],
  packageRoot: new URL('../', import.meta.url),
  notifyReady: (status) => {
    process.send?.('ready');
    if (process.connected) process.disconnect();
    const socket = process.env['NOTIFY_SOCKET'];
    if (socket !== undefined) void tellServiceManager(socket, status);
  },
  env: process.env,
});

// Loaded only then: it needs a foreign function interface. A service manager that does not hear it ends the service, and says why.
async function tellServiceManager(socket: string, status: string): Promise<void> {
  try {
    const { notifyServiceManager } = await import('./lib/service-manager.ts');
    notifyServiceManager(socket, { READY: '1', STATUS: status });
  } catch (error) {
    process.stderr.write(`mdev-operator: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

// The clock's timers and watched promises do not keep Node.js alive; a command that waits must not end by it.
const alive = setInterval(() => undefined, 2 ** 31 - 1);
try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own errors and help already.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof UsageError) {
    process.stderr.write(`mdev-operator: ${error.message}\n`);
    process.exitCode = 2;
  } else if (error instanceof RoleFailed) process.exitCode = 1;
  else if (!stop.signal.aborted) {
    process.stderr.write(`mdev-operator: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}
clearInterval(alive);
// A command that has ended has let go of everything it owns; what a library still holds must not keep the process.
process.exit();
