import { pause } from '../../kube/abort.ts';
import type { Clock } from '../../lib/clock.ts';
import type { RecordError, RecordStore } from './record-store.ts';

/** How often is tried whether a record could be written, while it can and while it cannot, ms. */
const interval = 60_000;
const intervalInTrouble = 5_000;

/**
 * Whether ownership records can be written: a folder that cannot be written to is to be known before a device is asked for, and that it can
 * again without waiting for one.
 */
export class RecordWatch {
  readonly #onChange: (error: RecordError | undefined) => void;
  #error: RecordError | undefined;
  #wake: (() => void) | undefined;

  /** @param onChange told when it turns out that records cannot be written, or that they can again */
  constructor(onChange: (error: RecordError | undefined) => void) {
    this.#onChange = onChange;
  }

  /** A record was written, or could not be. */
  wrote(error: RecordError | undefined): void {
    const before = this.#error;
    this.#error = error;
    if ((before === undefined) === (error === undefined)) return;
    this.#onChange(error);
    this.#wake?.();
  }

  /** Tries now and then, until `signal` is aborted. */
  async run(records: Pick<RecordStore, 'tryWriting'>, clock: Clock, signal: AbortSignal): Promise<void> {
    do await records.tryWriting();
    while (await this.#rest(clock, signal));
  }

  async #rest(clock: Clock, signal: AbortSignal): Promise<boolean> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await pause(clock, this.#error === undefined ? interval : intervalInTrouble, AbortSignal.any([signal, woken.signal]));
    return !signal.aborted;
  }
}
