/** Something that counts signals, as an eventfd. None of its methods throws: what goes wrong is its own to report. */
export interface EventTarget {
  /** Adds one. Never waits. */
  signal(): void;
  /** Calls `listener` whenever somebody else signals it, until it is closed. Absent: it can be signalled only. */
  watch?(listener: () => void): void;
  /** Called once. */
  close(): void;
}

export function closeAll(targets: readonly EventTarget[]): void {
  for (const target of targets) target.close();
}
