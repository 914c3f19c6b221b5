/** What is plugged into a serial port. */
import type { PortStream } from '../../vfio/model.ts';
import { LSR, MCR, MSR } from './registers.ts';

export interface Cable {
  /** Takes what the port sends; returns how many bytes were taken. The port keeps the rest and offers it again. */
  send(bytes: Uint8Array): number;
  sendBreak(): void;
  /** What has come for the port, as far as it has room; more is held back. */
  receive(into: Uint8Array): number;
  /** The bits of MSRLines that the port sees while its outputs are as in `mcr`. */
  lines(mcr: number): number;
}

/** Takes a character whether or not there is room for it; `status` are its bits of the line status register. */
export type Receiver = (byte: number, status: number) => void;

/** Nothing: what is sent is lost, and all lines are off. */
export const openCable: Cable = {
  send: (bytes) => bytes.length,
  sendBreak: () => undefined,
  receive: () => 0,
  lines: () => 0,
};

/** A loopback plug: transmitted data to received data, RTS to CTS, and DTR to DSR and DCD. */
export function loopbackPlug(receive: Receiver): Cable {
  return {
    send(bytes) {
      for (const byte of bytes) receive(byte, 0);
      return bytes.length;
    },
    sendBreak: () => {
      // A break has no stop bit, which is a framing error too.
      receive(0, LSR.break | LSR.framing);
    },
    receive: () => 0,
    lines: (mcr) => ((mcr & MCR.RTS) === 0 ? 0 : MSR.CTS) | ((mcr & MCR.DTR) === 0 ? 0 : MSR.DSR | MSR.DCD),
  };
}

/**
 * A null modem cable to a peer that is always there and keeps to hardware flow control: CTS, DSR and DCD are on, and it sends only
 * while RTS is. So what it wrote before the port was set up, or while software had no room, comes later and not never.
 */
export function streamCable(stream: PortStream, mcr: () => number): Cable {
  return {
    send: (bytes) => stream.write(bytes),
    // A byte stream has no break.
    sendBreak: () => undefined,
    receive: (into) => ((mcr() & MCR.RTS) === 0 ? 0 : stream.read(into)),
    lines: () => MSR.CTS | MSR.DSR | MSR.DCD,
  };
}
