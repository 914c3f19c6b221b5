import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { parseProfile, ProfileError } from '../emulator/profile.ts';
import { runEmulator } from '../provider/emulated/process.ts';
import type { CliContext } from './context.ts';
import { addFlags, readFlags } from './flags.ts';
import { Readiness } from './health/readiness.ts';
import { serveHealth } from './health/serve.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { emulatorPidFile } from './emulator-pid.ts';
import { runRole } from './run-role.ts';
import { makeRunDir, runDirPath } from './run-dir.ts';
import { packageVersion } from './version.ts';
import { checkSocketPath } from './socket-path.ts';
import { UsageError } from './usage-error.ts';

const flags = ['socket', 'profile', 'runDir', 'metricsListen', 'logLevel'] as const;

/** `emulator`: the emulated kernel as a process of its own. Ending it is the emulated node's shutdown. */
export function addEmulatorCommand(program: Command, context: CliContext): void {
  const command = program
    .command('emulator')
    .description('run the emulated kernel and serve it on a UNIX socket; ending it is the node rebooting');
  addFlags(command, flags).action(async () => {
    const { socket, profile, runDir: given, metricsListen, logLevel } = readFlags(command, flags);
    checkSocketPath('--socket', socket);
    const profileText = await readProfile(context, profile);
    const uid = process.getuid?.() ?? 0;
    const runDir = runDirPath({ given, beside: dirname(socket), env: context.env, uid });
    await mkdir(dirname(socket), { recursive: true, mode: 0o700 });
    await makeRunDir(runDir, uid);
    const pidFile = emulatorPidFile(socket);
    const ready = Promise.withResolvers<undefined>();
    const readiness = new Readiness();
    const started = readiness.waitFor('emulator');
    const onReady = (): void => {
      started();
      ready.resolve(undefined);
    };
    await serveHealth(metricsListen, createMetrics(await packageVersion(context)), readiness, context.signal);
    const log = context.logger(logLevel ?? 'info');
    await runRole(context, log, 'emulator', async () => {
      const running = runEmulator({ socketPath: socket, profileText, runDir, clock: context.clock, log, onReady }, context.signal);
      await Promise.race([ready.promise, running]);
      await writeFile(pidFile, `${process.pid}\n`, { mode: 0o600 });
      context.notifyReady('ready');
      await running;
      await rm(pidFile, { force: true });
    });
  });
}

/**
 * The text of the profile file, the default profile's if none is named, checked.
 * @throws UsageError if the file cannot be read or is no profile
 */
export async function readProfile(context: Pick<CliContext, 'packageRoot'>, file: string | undefined): Promise<string> {
  const name = file ?? 'the default profile';
  try {
    const text = await readFile(file ?? new URL('profiles/default.yaml', context.packageRoot), 'utf8');
    parseProfile(text);
    return text;
  } catch (cause) {
    const what = cause instanceof ProfileError ? `${name} is not a profile:` : `cannot read ${name}:`;
    throw new UsageError(`--profile: ${what} ${(cause as Error).message.replaceAll('\n', '; ')}`, { cause });
  }
}
