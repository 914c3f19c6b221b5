import type { Command } from 'commander';
import { askAgent, listOwned, type Owned } from '../agent/admin.ts';
import type { CliContext } from './context.ts';
import { dataDirPaths, inDataDir } from './data-dir.ts';
import { addFlags, readFlags } from './flags.ts';
import { columns } from '../lib/table.ts';
import { UsageError } from './usage-error.ts';

/** How long the agent may take to answer, in ms: longer than its own deadline for the kernel. */
const patience = 30_000;

/** `owned`, `release` and `remove`: the administrator's hand on the devices of this node's agent. */
export function addOwnershipCommands(program: Command, context: CliContext): void {
  const owned = program.command('owned').description("list the devices that this node's agent owns, with or without object");
  addFlags(owned, ['dataDir']).action(async () => {
    const { dataDir } = readFlags(owned, ['dataDir']);
    const rows = (await inDataDir(dataDir, () => listOwned(dataDirPaths(dataDir).agent))).map(row);
    context.print(columns(['UUID', 'PARENT', 'TYPE', 'STEP', 'OBJECT'], rows).join('\n'));
  });

  for (const [action, description] of [
    ['release', 'give up a device whose object is gone: it stays, and nobody owns it'],
    ['remove', 'remove a device whose object is gone'],
  ] as const) {
    const command = program.command(`${action} <uuid>`).description(description);
    addFlags(command, ['dataDir']).action(async (uuid: string) => {
      const { dataDir } = readFlags(command, ['dataDir']);
      const signal = AbortSignal.any([context.signal, AbortSignal.timeout(patience)]);
      const answer = await inDataDir(dataDir, () => askAgent(dataDirPaths(dataDir).agent, uuid, { action }, signal));
      if (!answer.done) throw new UsageError(answer.message);
      context.print(answer.message);
    });
  }
}

function row(entry: Owned): string[] {
  if (!('record' in entry)) return [entry.uuid, '', '', 'unreadable', entry.unreadable];
  const { uuid, parent, typeID, step, object } = entry.record;
  return [uuid, parent, typeID, step, `${object.namespace}/${object.name}`];
}
