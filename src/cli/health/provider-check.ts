import type { ProviderError } from '../../provider/contract.ts';
import { sentence } from './explain.ts';

/** Whether the kernel or its emulation can be reached, as the last call shows. */
export class ProviderCheck {
  #unreachable: ProviderError | undefined;

  /** A call has ended: it succeeded, or the kernel refused it, or it did not reach the kernel. */
  called(error: ProviderError | undefined): void {
    this.#unreachable = error?.step === 'connect' ? error : undefined;
  }

  reason(): string | undefined {
    return this.#unreachable === undefined ? undefined : sentence(this.#unreachable);
  }
}
