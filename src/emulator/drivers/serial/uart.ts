/**
 * A 16550A UART. Source: National Semiconductor PC16550D data sheet; what Linux needs of it is in drivers/tty/serial/8250/8250_port.c.
 *
 * The line is infinitely fast: a character is sent as soon as whoever is at the other end takes it, and one that was received and not
 * read has waited for the four character times of the timeout interrupt. Divisor, word length, parity and stop bits are kept and do
 * not change what is sent.
 *
 * Its interrupt output does not depend on MCR.OUT2: the gate of OUT2 is a part of the ISA serial card, not of the UART.
 */
import type { Cable } from './cable.ts';
import { openCable } from './cable.ts';
import { CharacterFifo, fifoDepth } from './fifo.ts';
import { FCR, IER, IIR, LCR, LSR, MCR, MSR, MSRDeltas, MSRLines, UART } from './registers.ts';

/** Characters at which the receiver interrupts, by FCR bits 6 and 7. */
const triggerLevels = [1, 4, 8, 14] as const;

export class Uart {
  readonly #onInterrupt: () => void;
  #cable: Cable = openCable;
  readonly #received = new CharacterFifo();
  readonly #toSend = new CharacterFifo();
  #ier = 0;
  #fcr = 0;
  #lcr = 0;
  #mcr = 0;
  #msr = 0;
  #scratch = 0;
  #divisor = 0;
  #overrun = false;
  /** The transmitter became empty, and software was not told yet. */
  #transmitterEmptied = false;

  /** `onInterrupt`: `interrupting` may have changed. */
  constructor(onInterrupt: () => void) {
    this.#onInterrupt = onInterrupt;
  }

  /** The level of its interrupt output. */
  get interrupting(): boolean {
    return this.#interrupt() !== IIR.none;
  }

  get mcr(): number {
    return this.#mcr;
  }

  /** Puts another cable in; what waits to be sent goes there. */
  plug(cable: Cable): void {
    this.#cable = cable;
    this.pump();
  }

  /** Pulls the cable out; characters on their way either way are lost. */
  unplug(): void {
    this.#received.clear();
    this.#toSend.clear();
    this.plug(openCable);
  }

  /** A register as the processor reads it, side effects included. */
  read(register: number): number {
    const value = this.#read(register);
    this.pump();
    return value;
  }

  write(register: number, value: number): void {
    this.#write(register, value);
    this.pump();
  }

  /** The MR pin. The cable stays, and the divisor. */
  reset(): void {
    this.#ier = 0;
    this.#fcr = 0;
    this.#lcr = 0;
    this.#mcr = 0;
    this.#scratch = 0;
    this.#overrun = false;
    this.#transmitterEmptied = false;
    this.#received.clear();
    this.#toSend.clear();
    this.#updateLines();
    this.#msr &= MSRLines;
    this.#onInterrupt();
  }

  /** A character arrives. Without room a FIFO loses it and a lone receiver buffer what it had; both is an overrun. */
  receive(byte: number, status: number): void {
    if (this.#received.length >= this.#depth) {
      this.#overrun = true;
      if (this.#fifos) return;
      this.#received.clear();
    }
    this.#received.push(byte, status);
  }

  /** Moves characters both ways as far as they go now. To be called when the cable may take or give more than before. */
  pump(): void {
    this.#updateLines();
    this.#transmit();
    const room = this.#depth - this.#received.length;
    if (room > 0 && !this.#loop) {
      const arrived = new Uint8Array(room);
      const count = this.#cable.receive(arrived);
      for (const byte of arrived.subarray(0, count)) this.receive(byte, 0);
    }
    this.#onInterrupt();
  }

  get #fifos(): boolean {
    return (this.#fcr & FCR.enable) !== 0;
  }

  get #depth(): number {
    return this.#fifos ? fifoDepth : 1;
  }

  get #loop(): boolean {
    return (this.#mcr & MCR.loop) !== 0;
  }

  get #divisorLatch(): boolean {
    return (this.#lcr & LCR.DLAB) !== 0;
  }

  #read(register: number): number {
    switch (register) {
      case UART.data:
        return this.#divisorLatch ? this.#divisor & 0xff : this.#received.shift();
      case UART.IER:
        return this.#divisorLatch ? this.#divisor >> 8 : this.#ier;
      case UART.IIR: {
        const interrupt = this.#interrupt();
        if (interrupt === IIR.transmit) this.#transmitterEmptied = false;
        return interrupt | (this.#fifos ? IIR.fifos : 0);
      }
      case UART.LCR:
        return this.#lcr;
      case UART.MCR:
        return this.#mcr;
      case UART.LSR: {
        const status = this.#lineStatus();
        this.#overrun = false;
        this.#received.clearHeadStatus();
        return status;
      }
      case UART.MSR: {
        const status = this.#msr;
        this.#msr &= MSRLines;
        return status;
      }
      case UART.SCR:
        return this.#scratch;
      default:
        return 0xff;
    }
  }

  #write(register: number, value: number): void {
    switch (register) {
      case UART.data:
        if (this.#divisorLatch) this.#divisor = (this.#divisor & 0xff00) | value;
        else this.#take(value);
        return;
      case UART.IER:
        if (this.#divisorLatch) this.#divisor = (this.#divisor & 0x00ff) | (value << 8);
        else this.#enable(value & IER.all);
        return;
      case UART.FCR:
        this.#controlFifos(value);
        return;
      case UART.LCR:
        if ((value & ~this.#lcr & LCR.break) !== 0 && !this.#loop) this.#cable.sendBreak();
        this.#lcr = value;
        return;
      case UART.MCR:
        this.#mcr = value & MCR.all;
        return;
      case UART.SCR:
        this.#scratch = value;
        return;
      default:
        // LSR and MSR: writing them is for tests in the factory.
        return;
    }
  }

  /** The processor hands over a character. Without room a FIFO loses it and a lone holding register what it had. */
  #take(byte: number): void {
    this.#transmitterEmptied = false;
    if (this.#toSend.length >= this.#depth) {
      if (this.#fifos) return;
      this.#toSend.clear();
    }
    this.#toSend.push(byte, 0);
  }

  /** Turning the transmitter's interrupt on while it is empty raises it again; Linux's 8250_port.c tests for that. */
  #enable(ier: number): void {
    if ((ier & ~this.#ier & IER.transmit) !== 0 && this.#toSend.length === 0) this.#transmitterEmptied = true;
    this.#ier = ier;
  }

  #controlFifos(value: number): void {
    const switched = ((value ^ this.#fcr) & FCR.enable) !== 0;
    if (switched || (value & FCR.clearReceiver) !== 0) this.#received.clear();
    if ((switched || (value & FCR.clearTransmitter) !== 0) && this.#toSend.length > 0) {
      this.#toSend.clear();
      this.#transmitterEmptied = true;
    }
    // The other bits can be programmed only along with this one.
    this.#fcr = (value & FCR.enable) === 0 ? 0 : value;
  }

  #transmit(): void {
    if (this.#toSend.length === 0) return;
    const bytes = this.#toSend.bytes();
    if (this.#loop) {
      this.#toSend.clear();
      for (const byte of bytes) this.receive(byte, 0);
    } else {
      this.#toSend.drop(this.#cable.send(bytes));
    }
    if (this.#toSend.length === 0) this.#transmitterEmptied = true;
  }

  #updateLines(): void {
    const lines = this.#loop ? loopLines(this.#mcr) : this.#cable.lines(this.#mcr);
    const changed = (lines ^ this.#msr) & MSRLines;
    // Each delta bit is four below its line's. RI counts only when it ends.
    const deltas = (changed & ~(lines & MSR.RI)) >> 4;
    this.#msr = lines | (this.#msr & MSRDeltas) | deltas;
  }

  #lineStatus(): number {
    const empty = this.#toSend.length === 0;
    return (
      (this.#received.length > 0 ? LSR.dataReady : 0) |
      (this.#overrun ? LSR.overrun : 0) |
      this.#received.headStatus |
      (empty ? LSR.transmitterHoldingEmpty | LSR.transmitterEmpty : 0) |
      (this.#fifos && this.#received.hasStatus ? LSR.fifoError : 0)
    );
  }

  /** The interrupt of highest priority, as IIR shows it. */
  #interrupt(): number {
    const waiting = this.#received.length;
    if ((this.#ier & IER.lineStatus) !== 0 && (this.#overrun || this.#received.headStatus !== 0)) return IIR.lineStatus;
    if ((this.#ier & IER.receive) !== 0 && waiting > 0) {
      const trigger = this.#fifos ? (triggerLevels[this.#fcr >> FCR.triggerShift] ?? 1) : 1;
      return waiting >= trigger ? IIR.receive : IIR.timeout;
    }
    if ((this.#ier & IER.transmit) !== 0 && this.#transmitterEmptied) return IIR.transmit;
    if ((this.#ier & IER.modemStatus) !== 0 && (this.#msr & MSRDeltas) !== 0) return IIR.modemStatus;
    return IIR.none;
  }
}

/** In loop mode the outputs come back as inputs: DTR as DSR, RTS as CTS, OUT1 as RI, OUT2 as DCD. */
function loopLines(mcr: number): number {
  return (
    ((mcr & MCR.DTR) === 0 ? 0 : MSR.DSR) |
    ((mcr & MCR.RTS) === 0 ? 0 : MSR.CTS) |
    ((mcr & MCR.OUT1) === 0 ? 0 : MSR.RI) |
    ((mcr & MCR.OUT2) === 0 ? 0 : MSR.DCD)
  );
}
