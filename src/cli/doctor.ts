import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { UsageError } from './usage-error.ts';

const signs = { good: 'ok      ', note: 'note    ', problem: 'problem ' } as const;

/** `doctor`: tells why a node has no mediated devices, or why the agent cannot manage them. */
export function addDoctorCommand(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description('tell what this node lacks to have mediated devices of the real kernel, and this user to manage them; changes nothing')
    .action(async () => {
      const { examineNode } = await import('../provider/sysfs/examine.ts');
      const { sysfsLayout } = await import('../provider/sysfs/layout.ts');
      const findings = await examineNode(sysfsLayout('/'));
      for (const { kind, what, advice } of findings) {
        context.print(`${signs[kind]}${what}.`);
        if (advice !== undefined) context.print(`${' '.repeat(signs[kind].length)}-> ${advice}.`);
      }
      const problems = findings.filter(({ kind }) => kind === 'problem').length;
      if (problems > 0) throw new UsageError(`${problems} of these keep mediated devices from being managed here`);
    });
}
