import type { Command } from 'commander';
import { z } from 'zod';
import { dnsLabel } from '../api/patterns.ts';
import { UsageError } from './usage-error.ts';

/** Declares `-n`, `--namespace` on `command`. */
export function addNamespaceOption(command: Command, description: string): Command {
  return command.option('-n, --namespace <name>', description, 'default');
}

/** The namespace given. @throws UsageError if none can have that name */
export function readNamespace(command: Command): string {
  const { namespace } = z.object({ namespace: z.string() }).parse(command.opts());
  if (!dnsLabel.test(namespace) || namespace.length > 63)
    throw new UsageError(`--namespace: must be the name of a namespace (got ${JSON.stringify(namespace)})`);
  return namespace;
}
