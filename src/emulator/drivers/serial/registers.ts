/** The registers of a 16550A and their bits, by the names of linux/serial_reg.h. */

/** Offsets. The first two are the divisor while LCR.DLAB is set; IIR is read where FCR is written. */
export const UART = { data: 0, IER: 1, IIR: 2, FCR: 2, LCR: 3, MCR: 4, LSR: 5, MSR: 6, SCR: 7 } as const;

/** How many bytes of I/O ports they take. */
export const registerCount = 8;

export const IER = { receive: 0x01, transmit: 0x02, lineStatus: 0x04, modemStatus: 0x08, all: 0x0f } as const;
export const IIR = { modemStatus: 0x00, none: 0x01, transmit: 0x02, receive: 0x04, lineStatus: 0x06, timeout: 0x0c, fifos: 0xc0 } as const;
export const FCR = { enable: 0x01, clearReceiver: 0x02, clearTransmitter: 0x04, triggerShift: 6 } as const;
export const LCR = { break: 0x40, DLAB: 0x80 } as const;
export const MCR = { DTR: 0x01, RTS: 0x02, OUT1: 0x04, OUT2: 0x08, loop: 0x10, all: 0x1f } as const;
export const LSR = {
  dataReady: 0x01,
  overrun: 0x02,
  framing: 0x08,
  break: 0x10,
  transmitterHoldingEmpty: 0x20,
  transmitterEmpty: 0x40,
  fifoError: 0x80,
} as const;
export const MSR = { deltaCTS: 0x01, deltaDSR: 0x02, trailingRI: 0x04, deltaDCD: 0x08, CTS: 0x10, DSR: 0x20, RI: 0x40, DCD: 0x80 } as const;
/** The bits of MSR that show the lines themselves, and those that show their changes. */
export const MSRLines = 0xf0;
export const MSRDeltas = 0x0f;
