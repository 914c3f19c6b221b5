import type { ConditionClaim } from '../../api/condition.ts';
import type { CreatedReason } from '../../api/reasons.ts';
import { ProviderError, type Device } from '../../provider/contract.ts';
import { RecordError } from '../record/record-store.ts';
import { existing, groupFailed, notCreated, onlineFailed, stillThere, usersText } from './claims.ts';
import { explain } from './errno-message.ts';
import type { Action, Desired, Observed } from './types.ts';

function whileRemoving(error: ProviderError, deleting: boolean, observed: Observed): ConditionClaim[] {
  const { reason, message } = explain(error);
  const ready = deleting ? 'Deleting' : reason;
  if (error.code !== 'EBUSY') return stillThere(reason, message, observed.users, ready);
  const users = observed.users?.inUse === true ? observed.users : { inUse: true, known: [] };
  return stillThere('Removing', `In use by ${usersText(users)}: it is removed once it is closed.`, users, ready);
}

function whileExisting(action: Action, error: ProviderError, desired: Desired, observed: Observed, device: Device): ConditionClaim[] {
  const { message } = explain(error);
  const problem = action.kind === 'setOnline' ? onlineFailed(message) : groupFailed(message);
  return existing(desired, observed, device, problem);
}

/**
 * What is published when an action failed.
 * @param observed as it was before the action, with the users read after it where it was a removal
 */
export function failureConditions(action: Action, error: unknown, desired: Desired, observed: Observed): ConditionClaim[] {
  if (error instanceof RecordError)
    return notCreatedUnlessThere('RecordFailed', `${error.message}: nothing is done to the device until that is mended.`, observed);
  if (!(error instanceof ProviderError)) throw error;
  const { reason, message } = explain(error);
  if (error.step === 'connect' || error.step === 'list') return notCreatedUnlessThere(reason, message, observed);
  if (action.kind === 'remove') return whileRemoving(error, desired.deleting, observed);
  if (observed.device !== undefined && (action.kind === 'setOnline' || action.kind === 'setGroup'))
    return whileExisting(action, error, desired, observed, observed.device);
  if (action.kind === 'writeAttribute') {
    const name = desired.attributes[action.index]?.name ?? '';
    const outcome = observed.device === undefined ? ' The device was rolled back.' : '';
    return notCreated(reason, `Attribute ${name} (number ${action.index + 1}): ${message}${outcome}`);
  }
  return notCreated(reason, message);
}

function notCreatedUnlessThere(reason: CreatedReason, message: string, observed: Observed): ConditionClaim[] {
  if (observed.device === undefined) return notCreated(reason, message);
  return stillThere(reason, message, observed.users, reason);
}
