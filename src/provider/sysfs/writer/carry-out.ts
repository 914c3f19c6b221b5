import { closeSync, constants, existsSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ErrnoError, errnoOf } from '../../../lib/errno.ts';
import { filesAtOnce } from '../files.ts';
import type { MadeDevices } from './made-devices.ts';
import type { GroupClaim, WriteAnswer, WriteRequest } from './messages.ts';

const { linkName } = filesAtOnce;

type Step = NonNullable<WriteAnswer['refused']>['step'];

/** Does what a writer process is told, which may take as long as the kernel likes. Only in such a process: nothing else goes on meanwhile. */
export function carryOut(request: WriteRequest, made: MadeDevices): WriteAnswer {
  const refused = write(request);
  if (refused !== undefined) return { refused };
  const seen = request.look === undefined ? undefined : made.look(request.look);
  return seen === undefined ? {} : { seen };
}

/**
 * Claimed, opened and then compared: a folder that still is the known device's was that when its link was read and its file opened, and a
 * write to what is open after that device has gone is refused. A right that is missing is told of as of the claim first.
 */
function write({ file, claim, only }: WriteRequest): WriteAnswer['refused'] {
  let step: Step = 'claim';
  let group: number | undefined;
  let target: number | undefined;
  try {
    if (claim !== undefined) group = claimGroup(claim);
    step = 'open';
    if (file !== undefined) target = openSync(file.path, constants.O_WRONLY);
    step = 'only';
    if (only !== undefined && statSync(only.folder).ino !== only.inode) throw new ErrnoError('ESTALE', `${only.folder} is another by now`);
    step = 'write';
    if (file !== undefined && target !== undefined) writeSync(target, file.value);
    return undefined;
  } catch (error) {
    const code = errnoOf(error) ?? 'EIO';
    // Another removal has begun, takes that file away first, and waits for who holds the group.
    if (step === 'claim' && code === 'EBUSY' && file !== undefined && !existsSync(file.path))
      return { step: 'open', code: 'ENOENT', message: `there is no ${file.path} any more` };
    return { step, code, message: error instanceof Error ? error.message : String(error) };
  } finally {
    if (target !== undefined) closeSync(target);
    if (group !== undefined) closeSync(group);
  }
}

/**
 * Opens the group, which only one can: nobody else opens it then, or its device, until it is closed. Unclaimed, a device in use would be
 * pulled from under its user, and the kernel might never return.
 */
function claimGroup({ vfio, link }: GroupClaim): number | undefined {
  const name = linkName(link);
  if (name === undefined) return undefined;
  const node = join(vfio, name);
  const group = openIfThere(node);
  if (group === undefined) {
    // Of a device that goes, the type goes first, then the node.
    if (linkName(join(dirname(link), 'mdev_type')) === undefined) return undefined;
    throw new ErrnoError('ENOENT', `there is no ${node} here`);
  }
  try {
    if (linkName(link) === name) return group;
    throw new ErrnoError('ESTALE', `${link} leads to another group by now, or has gone`);
  } catch (error) {
    closeSync(group);
    throw error;
  }
}

function openIfThere(node: string): number | undefined {
  try {
    return openSync(node, constants.O_RDWR);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
