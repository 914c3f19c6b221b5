import { Option, type Command } from 'commander';
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { addFlags, readFlags } from '../flags.ts';
import { addNamespaceOption, readNamespace } from '../namespace-option.ts';
import { UsageError } from '../usage-error.ts';

const flags = ['node', 'output', 'kubeconfig', 'dataDir'] as const;

const ownSchema = z.object({
  format: z.enum(['mdevctl', 'libvirt'], 'must be mdevctl or libvirt'),
  filename: z.array(z.string()).default([]),
  allNamespaces: z.boolean().default(false),
  force: z.boolean().default(false),
});

const help = `
The text of one device goes to standard output. With --output there is a file for each, which others may read:
  mdevctl   <parent>/<uuid>, JSON with "start": "auto": what mdevctl 1.2 keeps in /etc/mdevctl.d
  libvirt   mdev_<uuid>_<parent>.xml, a node device for virsh nodedev-define
A device that has no UUID, parent or type id yet is refused in a sentence, the others are written, and the exit status is 2.
Neither format can say params, group or online: false; they are left out with a note. Nothing is changed on node or API server.`;

/** `export`: writes MdevDevices down for mdevctl or libvirt. */
export function addExportCommand(program: Command, context: CliContext): void {
  const command = program
    .command('export [name...]')
    .description('write MdevDevices (those named, or all) as definitions for mdevctl or libvirt')
    .addOption(new Option('--format <format>', 'mdevctl or libvirt').makeOptionMandatory())
    .addOption(
      new Option(
        '-f, --filename <file>',
        'read YAML instead of the API server, - is standard input; may be given more than once',
      ).argParser((value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value]),
    )
    .option('-A, --all-namespaces', 'the devices of all namespaces')
    .option('--force', 'with --output: replace files that say something else');
  addNamespaceOption(command, 'the namespace of the devices');
  addFlags(command, flags)
    .addHelpText('after', help)
    .action(async (names: string[]) => {
      const own = ownSchema.safeParse(command.opts());
      if (!own.success) {
        const [issue] = own.error.issues;
        throw new UsageError(`--${String(issue?.path[0])}: ${issue?.message ?? 'is not valid'}`);
      }
      const { runExport } = await import('./run.ts');
      await runExport(context, { ...readFlags(command, flags), ...own.data, namespace: readNamespace(command), names });
    });
}
