import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { addFlags, readFlags } from './flags.ts';
import { runRole } from './run-role.ts';

const flags = ['kubeconfig', 'adoptNamespace', 'metricsListen', 'logLevel'] as const;

/** `controller`: allocates devices to parents; of several, the one that holds the Lease. */
export function addControllerCommand(program: Command, context: CliContext): void {
  const command = program.command('controller').description('allocate MdevDevices to parents, for a whole cluster');
  addFlags(command, flags).action(async () => {
    const options = readFlags(command, flags);
    const { runControllerCommand } = await import('./controller-run.ts');
    const log = context.logger(options.logLevel ?? 'info');
    await runRole(context, log, 'controller', () => runControllerCommand(context, options, log));
  });
}
