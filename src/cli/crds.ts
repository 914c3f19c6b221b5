import type { Command } from 'commander';
import { stringify } from 'yaml';
import { customResourceDefinitions } from '../api/crds.ts';
import type { CliContext } from './context.ts';

/** `crds`: prints the CustomResourceDefinitions, ready for `kubectl apply -f -`. */
export function addCrdsCommand(program: Command, context: CliContext): void {
  program
    .command('crds')
    .description('print the CustomResourceDefinitions as YAML, for kubectl apply --server-side -f -')
    .action(() => {
      for (const crd of customResourceDefinitions().values())
        context.print(`---\n${stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd()}`);
    });
}
