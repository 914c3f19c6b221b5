import type { Command } from 'commander';
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { addFlags, readFlags } from '../flags.ts';
import { addNamespaceOption, readNamespace } from '../namespace-option.ts';
import { UsageError } from '../usage-error.ts';

const flags = ['mdevctl', 'nodeName', 'dataDir', 'provider', 'emulator', 'logLevel'] as const;

const help = `
What becomes of a device:
  live                          spec.adopt: the agent takes it over as it is. With --mdevctl its definition adds the attributes.
  defined, auto, not live       made when the YAML is applied, as mdevctl would make it at boot
  defined, manual, not live     printed as a comment, since mdevctl makes it only when told to; with --include-manual as the one before
  ours already                  left out, with a note
All of them have reclaimPolicy: Retain, so deleting an object leaves its device. Nothing on the node is changed.
A definition that cannot be used is named with the field, the others are printed, and the exit status is 2;
its device, if live, is printed as a comment.`;

/** `import`: prints the devices that others have made as MdevDevices. */
export function addImportCommand(program: Command, context: CliContext): void {
  const command = program
    .command('import')
    .description('print MdevDevice YAML for the devices of this node that mdevctl, libvirt or hands have made')
    .option('--include-manual', 'with --mdevctl: have the devices made too that are defined with start: manual')
    .option('--definitions-only', 'with --mdevctl: do not read the node, whose devices are all to be made anew');
  addNamespaceOption(command, 'the namespace of the objects');
  addFlags(command, flags)
    .addHelpText('after', help)
    .action(async () => {
      const options = readFlags(command, flags);
      const own = z
        .object({ includeManual: z.boolean().default(false), definitionsOnly: z.boolean().default(false) })
        .parse(command.opts());
      if (options.mdevctl === undefined && (own.includeManual || own.definitionsOnly))
        throw new UsageError(`--${own.includeManual ? 'include-manual' : 'definitions-only'}: give the definitions with --mdevctl`);
      const namespace = readNamespace(command);
      const { runImport } = await import('./run.ts');
      await runImport(context, { ...options, ...own, namespace });
    });
}
