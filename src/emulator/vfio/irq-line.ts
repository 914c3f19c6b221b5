/**
 * One interrupt, as far as it decides when its user is told: a state machine that does nothing by itself. Methods that answer a boolean
 * say whether to signal now (drivers/vfio/pci/vfio_pci_intrs.c for level-triggered interrupts).
 *
 * A line that rises signals, unless it is masked or nobody listens. An automasked interrupt masks itself as it signals. Whoever unmasks
 * it, or begins to listen, while its line is high is told again: so a user that handles an interrupt and then unmasks it misses none.
 */
export class IRQLine {
  readonly #automasked: boolean;
  #listened = false;
  #masked = false;
  /** The level of the line. */
  #high = false;
  /** An edge came while it was masked. */
  #latched = false;

  constructor(automasked: boolean) {
    this.#automasked = automasked;
  }

  /** The device sets the level of the line. */
  setLevel(high: boolean): boolean {
    const rises = high && !this.#high;
    this.#high = high;
    return rises && this.#tell();
  }

  /** The device gives an edge. One that comes while masked is told at the unmask; one that comes while nobody listens is lost. */
  edge(): boolean {
    this.#latched ||= this.#listened && this.#masked;
    return this.#tell();
  }

  mask(): void {
    this.#masked = true;
  }

  /** Unmasking what is not masked does nothing. */
  unmask(): boolean {
    if (!this.#masked) return false;
    this.#masked = false;
    const due = this.#high || this.#latched;
    this.#latched = false;
    return due && this.#tell();
  }

  /** Somebody listens from now on, perhaps in another's place. */
  listen(): boolean {
    this.#listened = true;
    return this.#high && this.#tell();
  }

  /** Nobody listens any more. The mask stays. */
  ignore(): void {
    this.#listened = false;
    this.#latched = false;
  }

  /** As before anybody used it; but the level is the device's, and stays. */
  disable(): void {
    this.ignore();
    this.#masked = false;
  }

  /** The device is reset: the level is low, and no edge is left. Who listens, and the mask, stay. */
  reset(): void {
    this.#high = false;
    this.#latched = false;
  }

  #tell(): boolean {
    if (!this.#listened || this.#masked) return false;
    this.#masked = this.#automasked;
    return true;
  }
}
