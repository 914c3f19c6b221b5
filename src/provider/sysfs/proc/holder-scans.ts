import type { SysfsLayout } from '../layout.ts';
import { scanHolders, type Scan } from './holders.ts';

/**
 * Looks through all processes for whoever asks, for all at once who ask before it begins: many devices that are looked at together cost one
 * look and not one each. Nobody gets what was seen before they asked.
 */
export class HolderScans {
  readonly #layout: SysfsLayout;
  /** The one that runs now, or ran last. */
  #running: Promise<unknown> = Promise.resolve();
  /** The one after it, which has not begun. */
  #next: Promise<Scan> | undefined;

  constructor(layout: SysfsLayout) {
    this.#layout = layout;
  }

  scan(): Promise<Scan> {
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<unknown>): Promise<Scan> {
    await Promise.allSettled([running]);
    const scan = scanHolders(this.#layout);
    this.#next = undefined;
    this.#running = scan;
    return scan;
  }
}
