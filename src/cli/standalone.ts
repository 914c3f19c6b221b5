import type { Command } from 'commander';
import { tryLock } from '../lib/lock.ts';
import type { CliContext } from './context.ts';
import { dataDirPaths, makeDataDir } from './data-dir.ts';
import { readProfile } from './emulator.ts';
import { addFlags, readFlags } from './flags.ts';
import { readManifests } from './manifests.ts';
import { runDirPath } from './run-dir.ts';
import { runRole } from './run-role.ts';
import { checkSocketPath } from './socket-path.ts';
import { UsageError } from './usage-error.ts';

const flags = [
  'dataDir',
  'listen',
  'nodeName',
  'provider',
  'emulator',
  'profile',
  'runDir',
  'apply',
  'waitForDevices',
  'adoptNamespace',
  'metricsListen',
  'logLevel',
] as const;

/** `standalone`: agent, controller and API server in this process, the emulated kernel beside it. */
export function addStandaloneCommand(program: Command, context: CliContext): void {
  const command = program.command('standalone').description('run everything on this machine, without a cluster');
  addFlags(command, flags).action(async () => {
    const options = readFlags(command, flags);
    const paths = dataDirPaths(options.dataDir);
    // All that the user may have got wrong is found before anything is started.
    checkSocketPath('--data-dir', paths.emulatorSocket);
    for (const flag of ['emulator', 'profile', 'runDir'] as const)
      if (options.provider === 'sysfs' && options[flag] !== undefined)
        throw new UsageError(`--${flag === 'runDir' ? 'run-dir' : flag}: is of an emulated kernel; with --provider sysfs there is none`);
    if (options.emulator !== undefined && options.profile !== undefined)
      throw new UsageError('--profile: is given to the emulator; with --emulator one runs already');
    if (options.emulator !== undefined && options.runDir !== undefined)
      throw new UsageError('--run-dir: is given to the emulator; with --emulator one runs already');
    runDirPath({ given: options.runDir, beside: paths.root, env: context.env, uid: process.getuid?.() ?? 0 });
    await readProfile(context, options.profile);
    const manifests = await readManifests(options.apply);
    await makeDataDir(paths.root);
    using lock = tryLock(paths.lock);
    if (lock === undefined) throw new UsageError(`--data-dir: another standalone runs on ${paths.root}`);
    const { runStandalone } = await loadRun();
    const log = context.logger(options.logLevel ?? 'warn');
    await runRole(context, log, 'standalone', () => runStandalone({ context, options, paths, manifests, log }));
  });
}

// Loaded when needed: other commands, and refusals, shall not wait for it. A function of its own, because the compiler does not
// rewrite the path of an import inside a function with `using`.
function loadRun(): Promise<typeof import('./standalone-run.ts')> {
  return import('./standalone-run.ts');
}
