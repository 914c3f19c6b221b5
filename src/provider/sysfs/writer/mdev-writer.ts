/**
 * A writer process: writes into the kernel what it is told, one write after the other, and may hang in one for as long as the kernel likes.
 * It has nothing else to lose. Its name tells what it is at; when the agent is gone, it ends as soon as the kernel lets it.
 */
import { closeSync, openSync, readlinkSync, writeSync, constants } from 'node:fs';
import { basename } from 'node:path';
import { errnoNumbers, errnoOf } from '../../../lib/errno.ts';
import { writerTitle } from './order.ts';
import { ready, type GroupClaim, type WriteAnswer, type WriteRequest } from './messages.ts';

type Step = NonNullable<WriteAnswer['refused']>['step'];

process.title = writerTitle;
const agent = process.ppid;
process.on('message', (request: WriteRequest) => {
  process.title = request.title;
  // In this order: the next agent looks for such names, and for the last time when it starts. What it has not found there is not begun any more,
  // or a device would come or go behind its back.
  if (process.ppid !== agent) process.exit(0);
  const refused = carryOut(request);
  process.title = writerTitle;
  if (process.connected) process.send?.({ call: request.call, ...(refused !== undefined && { refused }) } satisfies WriteAnswer);
});
process.on('disconnect', () => process.exit(0));
// Sent by an agent that has listened long enough to a terminal: who writes into the kernel is not to be interrupted.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.send?.(ready);

function carryOut({ file, claim }: WriteRequest): WriteAnswer['refused'] {
  let step: Step = 'claim';
  let group: number | undefined;
  let target: number | undefined;
  try {
    if (claim !== undefined) group = claimGroup(claim);
    if (file === undefined) return undefined;
    step = 'open';
    target = openSync(file.path, constants.O_WRONLY);
    step = 'write';
    writeSync(target, file.value);
    return undefined;
  } catch (error) {
    return { step, code: errnoOf(error) ?? 'EIO', message: error instanceof Error ? error.message : String(error) };
  } finally {
    if (target !== undefined) closeSync(target);
    if (group !== undefined) closeSync(group);
  }
}

/** Opens the group, which only one can: nobody else opens it then, or its device, until it is closed. */
function claimGroup({ node, link }: GroupClaim): number | undefined {
  const group = openSync(node, constants.O_RDWR);
  try {
    if (basename(readlinkSync(link)) === basename(node)) return group;
  } catch (error) {
    closeSync(group);
    throw error;
  }
  closeSync(group);
  throw Object.assign(new Error(`${link} leads to another group by now`), { errno: -errnoNumbers.ESTALE });
}
