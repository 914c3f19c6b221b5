import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { addFlags, readFlags } from './flags.ts';
import { runRole } from './run-role.ts';

const flags = [
  'kubeconfig',
  'nodeName',
  'dataDir',
  'provider',
  'emulator',
  'adoptNamespace',
  'leaseDuration',
  'metricsListen',
  'logLevel',
] as const;

/** `agent`: makes the mdevs of this node match the MdevDevices allocated to it. */
export function addAgentCommand(program: Command, context: CliContext): void {
  const command = program.command('agent').description("make this node's mdevs match the MdevDevices allocated to it");
  addFlags(command, flags).action(async () => {
    const options = readFlags(command, flags);
    const { runAgentCommand } = await import('./agent-run.ts');
    const log = context.logger(options.logLevel ?? 'info');
    await runRole(context, log, 'agent', () => runAgentCommand(context, options, log));
  });
}
