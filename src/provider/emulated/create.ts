import type { MdevBus } from '../../emulator/mdev/bus.ts';
import { ErrnoError } from '../../lib/errno.ts';
import { ProviderError, type CreateRequest } from '../contract.ts';
import { noParent } from '../no-parent.ts';

/**
 * Creates a device on the bus, whose answer is not always the contract's: to the kernel a parent that is not there is a path that is not
 * there, ENOENT as for a type.
 * @throws ProviderError ENODEV or EOPNOTSUPP; what the bus refuses with
 */
export async function createOn(bus: MdevBus, { id, parent, typeID, params }: CreateRequest): Promise<void> {
  if (params !== undefined && bus.parent(parent)?.features.params === false)
    throw new ProviderError('EOPNOTSUPP', 'create', `The driver of parent ${parent} takes no params`);
  try {
    await bus.create(parent, typeID, id, params);
  } catch (error) {
    // A snapshot of a parent lists its devices, so it is taken only here.
    if (error instanceof ErrnoError && error.code === 'ENOENT' && bus.parent(parent) === undefined)
      throw noParent(parent, 'create', { cause: error });
    throw error;
  }
}
