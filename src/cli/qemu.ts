import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { dnsLabel, dnsSubdomain } from '../api/patterns.ts';
import type { CliContext } from './context.ts';
import { dataDirPaths } from './data-dir.ts';
import { addFlags, readFlags } from './flags.ts';
import { UsageError } from './usage-error.ts';

const flags = ['kubeconfig', 'dataDir'] as const;

/** `qemu`: prints how a QEMU attaches a device. */
export function addQemuCommand(program: Command, context: CliContext): void {
  const command = program
    .command('qemu <name>')
    .description('print the argument by which QEMU attaches an MdevDevice over vfio-user')
    .option('-n, --namespace <name>', "the device's namespace", 'default');
  addFlags(command, flags).action(async (name: string) => {
    const { kubeconfig, dataDir } = readFlags(command, flags);
    const { namespace } = z.object({ namespace: z.string() }).parse(command.opts());
    if (!dnsSubdomain.test(name)) throw new UsageError(`name: must be the name of an MdevDevice (got ${JSON.stringify(name)})`);
    if (!dnsLabel.test(namespace)) throw new UsageError(`--namespace: must be the name of a namespace (got ${JSON.stringify(namespace)})`);
    const { readDevice } = await import('./qemu-run.ts');
    const advice = await readDevice(context, kubeconfig ?? ownKubeconfig(context, dataDir), { namespace, name });
    if ('refusal' in advice) throw new UsageError(advice.refusal);
    context.print(advice.argument);
    context.note(advice.notes.join('\n'));
  });
}

/** The kubeconfig of a standalone on this data directory, where the environment names no other. */
function ownKubeconfig({ env }: CliContext, dataDir: string): string | undefined {
  const { kubeconfig } = dataDirPaths(dataDir);
  return env['KUBECONFIG'] === undefined && existsSync(kubeconfig) ? kubeconfig : undefined;
}
