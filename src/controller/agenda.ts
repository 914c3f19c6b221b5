/** What has to be looked at: device keys, and parents that may have room. Marking is cheap and may happen at any time. */
export class Agenda {
  #devices = new Set<string>();
  #parents = new Set<string>();
  #wake: (() => void) | undefined;

  addDevice(key: string): void {
    this.#devices.add(key);
    this.#signal();
  }

  addParent(name: string): void {
    this.#parents.add(name);
    this.#signal();
  }

  /** Resolves when there is something on it, at once if there is already, or when `signal` is aborted. */
  async filled(signal: AbortSignal): Promise<void> {
    if (this.#devices.size > 0 || this.#parents.size > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }

  takeDevices(): string[] {
    const taken = [...this.#devices];
    this.#devices = new Set();
    return taken;
  }

  takeParents(): string[] {
    const taken = [...this.#parents];
    this.#parents = new Set();
    return taken;
  }

  #signal(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
