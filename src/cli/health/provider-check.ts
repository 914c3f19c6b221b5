import type { ProviderError } from '../../provider/contract.ts';
import { sentence } from './explain.ts';

/** Whether the kernel or its emulation can be reached, as the last call shows. */
export class ProviderCheck {
  #unreachable: ProviderError | undefined;

  /** A call has ended: it succeeded, or the kernel refused it, or it did not reach the kernel. True if only now it turns out to be unreachable. */
  called(error: ProviderError | undefined): boolean {
    const before = this.#unreachable;
    this.#unreachable = error?.step === 'connect' ? error : undefined;
    return before === undefined && this.#unreachable !== undefined;
  }

  reason(): string | undefined {
    return this.#unreachable === undefined ? undefined : sentence(this.#unreachable);
  }
}
