import type { ConditionClaim } from '../../api/condition.ts';
import type { ProviderError } from '../../provider/contract.ts';
import { notCreated } from './claims.ts';
import { explain } from './errno-message.ts';

/** Conditions of a device that something is to be done to while the kernel cannot be asked. */
export function unavailableConditions(error: ProviderError): ConditionClaim[] {
  return notCreated('ProviderUnavailable', explain(error).message);
}
