import type { Command } from 'commander';
import { dnsSubdomain } from '../../api/patterns.ts';
import type { CliContext } from '../context.ts';
import { addFlags, readFlags } from '../flags.ts';
import { addNamespaceOption, readNamespace } from '../namespace-option.ts';
import { ownKubeconfig } from '../own-kubeconfig.ts';
import { UsageError } from '../usage-error.ts';

const flags = ['kubeconfig', 'dataDir'] as const;

/** `qemu`: prints how a QEMU attaches a device. */
export function addQemuCommand(program: Command, context: CliContext): void {
  const command = program.command('qemu <name>').description('print the argument by which QEMU attaches an MdevDevice');
  addNamespaceOption(command, "the device's namespace");
  addFlags(command, flags).action(async (name: string) => {
    const { kubeconfig, dataDir } = readFlags(command, flags);
    const namespace = readNamespace(command);
    if (!dnsSubdomain.test(name)) throw new UsageError(`name: must be the name of an MdevDevice (got ${JSON.stringify(name)})`);
    const { readDevice } = await import('./run.ts');
    const advice = await readDevice(context, kubeconfig ?? ownKubeconfig(context, dataDir), { namespace, name });
    if ('refusal' in advice) throw new UsageError(advice.refusal);
    context.print(advice.argument);
    context.note(advice.notes.join('\n'));
  });
}
