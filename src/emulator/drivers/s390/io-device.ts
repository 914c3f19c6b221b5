/** Bytes that the device behind the subchannel keeps of the last record that was written. */
export const recordSize = 4096;

export const ccwCommand = { write: 0x01, read: 0x02, noOperation: 0x03, sense: 0x04, senseID: 0xe4 } as const;

const senseSize = 32;
/** Byte 0 of the sense data: the device does not know the command. */
const commandReject = 0x80;

/** What the device does on a command. */
export type IOAction =
  | { readonly kind: 'none' }
  /** It gives these bytes. */
  | { readonly kind: 'give'; readonly bytes: Uint8Array }
  /** It takes up to `limit` bytes. */
  | { readonly kind: 'take'; readonly limit: number; readonly accept: (bytes: Uint8Array) => void }
  /** It refuses; why is in the sense data. */
  | { readonly kind: 'reject' };

/** A simple device at the end of the channel: it keeps one record, and gives it back. */
export class IODevice {
  #record = new Uint8Array(0);
  #sense = new Uint8Array(senseSize);

  command(code: number): IOAction {
    if (code === ccwCommand.sense) {
      const bytes = this.#sense;
      this.#sense = new Uint8Array(senseSize);
      return { kind: 'give', bytes };
    }
    this.#sense = new Uint8Array(senseSize);
    switch (code) {
      case ccwCommand.noOperation:
        return { kind: 'none' };
      case ccwCommand.read:
        return { kind: 'give', bytes: this.#record };
      case ccwCommand.write:
        return {
          kind: 'take',
          limit: recordSize,
          accept: (bytes) => {
            this.#record = bytes.slice();
          },
        };
      case ccwCommand.senseID:
        // 0xff, then control unit type and model, device type and model: types that no driver takes for its own.
        return { kind: 'give', bytes: Uint8Array.of(0xff, 0x4d, 0x44, 0x01, 0x4d, 0x44, 0x01) };
      default:
        this.#sense[0] = commandReject;
        return { kind: 'reject' };
    }
  }

  reset(): void {
    this.#record = new Uint8Array(0);
    this.#sense = new Uint8Array(senseSize);
  }
}
