import { ProviderError, type ProviderStep } from './contract.ts';

/** The refusal where no parent of this name is registered. */
export function noParent(name: string, step: ProviderStep, options?: ErrorOptions): ProviderError {
  return new ProviderError('ENODEV', step, `There is no mdev parent ${JSON.stringify(name.slice(0, 255))}`, options);
}
