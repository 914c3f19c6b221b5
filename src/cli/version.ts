import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import type { CliContext } from './context.ts';

/** The version of this package, from its package.json. */
export async function packageVersion(context: CliContext): Promise<string> {
  const text = await readFile(new URL('package.json', context.packageRoot), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

/** `version`: prints the versions of this program and of Node.js. */
export function addVersionCommand(program: Command, context: CliContext): void {
  program
    .command('version')
    .description('print the version')
    .action(async () => {
      context.print(`mdev-operator ${await packageVersion(context)} (Node.js ${process.versions.node})`);
    });
}
