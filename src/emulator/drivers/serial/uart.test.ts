import { describe, expect, it } from 'vitest';
import { loopbackPlug, streamCable } from './cable.ts';
import { FCR, IER, IIR, LCR, LSR, MCR, MSR, UART } from './registers.ts';
import { Uart } from './uart.ts';
import { MemoryServices } from '../testing/services.ts';

const empty = LSR.transmitterHoldingEmpty | LSR.transmitterEmpty;

function plugged(): Uart {
  const uart = new Uart(() => undefined);
  uart.plug(
    loopbackPlug((byte, status) => {
      uart.receive(byte, status);
    }),
  );
  uart.read(UART.MSR);
  return uart;
}

function streamed() {
  const services = new MemoryServices();
  const uart = new Uart(() => undefined);
  const pump = (): void => {
    uart.pump();
  };
  const port = services.listen('port0', { onReadable: pump, onWritable: pump });
  uart.plug(streamCable(port, () => uart.mcr));
  uart.read(UART.MSR);
  return { uart, peer: services.stream('port0') };
}

function send(uart: Uart, ...bytes: number[]): void {
  for (const byte of bytes) uart.write(UART.data, byte);
}

/** All that is ready in the receiver. */
function drain(uart: Uart): number[] {
  const bytes: number[] = [];
  while ((uart.read(UART.LSR) & LSR.dataReady) !== 0) bytes.push(uart.read(UART.data));
  return bytes;
}

describe('a UART', () => {
  it('has the registers of the data sheet after a reset', () => {
    const uart = plugged();
    for (const register of [UART.IER, UART.LCR, UART.MCR, UART.SCR]) uart.write(register, 0xff & ~LCR.DLAB);
    uart.write(UART.FCR, 0xff);
    uart.reset();
    expect(Array.from({ length: 8 }, (_, register) => uart.read(register))).toEqual([0, 0, 1, 0, 0, empty, 0, 0]);
  });

  it('keeps the divisor behind DLAB, apart from data and IER', () => {
    const uart = plugged();
    uart.write(UART.IER, IER.receive);
    uart.write(UART.LCR, LCR.DLAB | 3);
    send(uart, 0x34);
    uart.write(UART.IER, 0x12);
    expect([uart.read(UART.data), uart.read(UART.IER)]).toEqual([0x34, 0x12]);
    uart.write(UART.LCR, 3);
    expect([uart.read(UART.LSR), uart.read(UART.IER)]).toEqual([empty, IER.receive]);
    uart.write(UART.LCR, LCR.DLAB);
    expect([uart.read(UART.data), uart.read(UART.IER)]).toEqual([0x34, 0x12]);
  });

  it('has no bits beyond those of a 16550A in IER, MCR and IIR', () => {
    const uart = plugged();
    uart.write(UART.IER, 0xff);
    uart.write(UART.MCR, 0xff);
    expect([uart.read(UART.IER), uart.read(UART.MCR)]).toEqual([0x0f, 0x1f]);
    uart.write(UART.IER, 0);
    expect(uart.read(UART.IIR)).toBe(IIR.none);
    uart.write(UART.FCR, FCR.enable);
    expect(uart.read(UART.IIR)).toBe(IIR.none | IIR.fifos);
    uart.write(UART.FCR, FCR.enable | 0x20); // a 16750 would show 64-byte FIFOs
    expect(uart.read(UART.IIR)).toBe(IIR.none | IIR.fifos);
    uart.write(UART.FCR, 0xc0);
    expect(uart.read(UART.IIR)).toBe(IIR.none);
  });

  it('without FIFOs holds one character, and loses it to the next with an overrun', () => {
    const uart = plugged();
    send(uart, 1);
    expect(uart.read(UART.LSR)).toBe(empty | LSR.dataReady);
    send(uart, 2);
    expect(uart.read(UART.LSR)).toBe(empty | LSR.dataReady | LSR.overrun);
    expect(uart.read(UART.LSR)).toBe(empty | LSR.dataReady);
    expect(drain(uart)).toEqual([2]);
  });

  it('with FIFOs holds 16 characters, and loses the 17th with an overrun', () => {
    const uart = plugged();
    uart.write(UART.FCR, FCR.enable);
    send(uart, ...Array.from({ length: 17 }, (_, index) => index));
    expect(uart.read(UART.LSR)).toBe(empty | LSR.dataReady | LSR.overrun);
    expect(drain(uart)).toEqual(Array.from({ length: 16 }, (_, index) => index));
  });

  it('clears a FIFO on demand, and both when they are turned on or off', () => {
    const uart = plugged();
    uart.write(UART.FCR, FCR.enable);
    send(uart, 1, 2);
    uart.write(UART.FCR, FCR.enable | FCR.clearTransmitter);
    expect(drain(uart)).toEqual([1, 2]);
    send(uart, 1, 2);
    uart.write(UART.FCR, FCR.enable | FCR.clearReceiver);
    expect(drain(uart)).toEqual([]);
    send(uart, 1, 2);
    uart.write(UART.FCR, 0);
    expect(drain(uart)).toEqual([]);
  });

  it('raises its interrupts by priority, and takes each back as the data sheet says', () => {
    const uart = plugged();
    uart.write(UART.FCR, FCR.enable | (1 << FCR.triggerShift)); // 4 characters
    const pending = (): number => uart.read(UART.IIR) & 0x0f;
    uart.write(UART.IER, IER.all);
    expect(pending()).toBe(IIR.transmit); // enabling it while the transmitter is empty raises it
    expect(pending()).toBe(IIR.none); // reading took it back
    uart.write(UART.MCR, MCR.RTS); // comes back as CTS
    expect(pending()).toBe(IIR.modemStatus);
    send(uart, 1);
    expect(pending()).toBe(IIR.timeout);
    send(uart, 2, 3, 4);
    expect(pending()).toBe(IIR.receive);
    send(uart, ...Array.from({ length: 13 }, () => 9));
    expect(pending()).toBe(IIR.lineStatus);
    expect(uart.read(UART.LSR) & LSR.overrun).not.toBe(0);
    expect(pending()).toBe(IIR.receive);
    for (let left = 16; left > 3; left--) uart.read(UART.data);
    expect(pending()).toBe(IIR.timeout);
    drain(uart);
    expect(pending()).toBe(IIR.transmit);
    expect(pending()).toBe(IIR.modemStatus);
    expect(uart.read(UART.MSR)).toBe(MSR.CTS | MSR.deltaCTS);
    expect(pending()).toBe(IIR.none);
    expect(uart.interrupting).toBe(false);
  });

  it.each([
    [0, 1],
    [1, 4],
    [2, 8],
    [3, 14],
  ])('with trigger %i interrupts for data at %i characters, and for a timeout below', (trigger, level) => {
    const uart = plugged();
    uart.write(UART.FCR, FCR.enable | (trigger << FCR.triggerShift));
    uart.write(UART.IER, IER.receive);
    for (let count = 1; count <= 16; count++) {
      send(uart, count);
      expect(uart.read(UART.IIR) & 0x0f).toBe(count >= level ? IIR.receive : IIR.timeout);
    }
  });

  it('raises the transmitter interrupt again when it is disabled and enabled, as Linux tests', () => {
    const uart = plugged();
    for (let round = 0; round < 2; round++) {
      uart.write(UART.IER, IER.transmit);
      expect(uart.read(UART.IIR)).toBe(IIR.transmit);
      uart.write(UART.IER, 0);
    }
  });

  it('in loop mode keeps to itself: outputs are inputs, and what is sent is received', () => {
    const { uart, peer } = streamed();
    peer.send([7]);
    uart.write(UART.MCR, MCR.loop | MCR.OUT2 | MCR.RTS);
    expect(uart.read(UART.MSR) & 0xf0).toBe(MSR.DCD | MSR.CTS); // the test of Linux's autoconfig
    uart.write(UART.MCR, MCR.loop | MCR.DTR | MCR.OUT1);
    expect(uart.read(UART.MSR) & 0xf0).toBe(MSR.DSR | MSR.RI);
    send(uart, 42);
    expect(drain(uart)).toEqual([42]);
    expect(peer.take()).toEqual([]);
    uart.write(UART.MCR, MCR.RTS);
    expect(drain(uart)).toEqual([7]);
  });

  it('notes changes of each line, and of RI its end only', () => {
    const uart = plugged();
    uart.write(UART.MCR, MCR.loop | MCR.OUT1);
    expect(uart.read(UART.MSR)).toBe(MSR.RI);
    uart.write(UART.MCR, MCR.loop);
    expect(uart.read(UART.MSR)).toBe(MSR.trailingRI);
    uart.write(UART.MCR, MCR.loop | MCR.OUT2 | MCR.DTR);
    expect(uart.read(UART.MSR)).toBe(MSR.DCD | MSR.deltaDCD | MSR.DSR | MSR.deltaDSR);
    expect(uart.read(UART.MSR)).toBe(MSR.DCD | MSR.DSR);
  });

  it('returns a break through a plug as a break, in its place among the characters', () => {
    const uart = plugged();
    uart.write(UART.FCR, FCR.enable);
    uart.write(UART.IER, IER.lineStatus);
    send(uart, 1);
    uart.write(UART.LCR, LCR.break | 3);
    uart.write(UART.LCR, 3);
    send(uart, 2);
    expect(uart.read(UART.LSR)).toBe(empty | LSR.dataReady | LSR.fifoError);
    expect(uart.interrupting).toBe(false);
    expect(uart.read(UART.data)).toBe(1);
    expect(uart.interrupting).toBe(true);
    expect(uart.read(UART.LSR)).toBe(empty | LSR.dataReady | LSR.break | LSR.framing | LSR.fifoError);
    expect(uart.read(UART.LSR)).toBe(empty | LSR.dataReady);
    expect([uart.read(UART.data), uart.read(UART.data)]).toEqual([0, 2]);
  });

  it('takes from a stream while RTS is on and it has room, and leaves the rest at the sender', () => {
    const { uart, peer } = streamed();
    uart.write(UART.FCR, FCR.enable);
    peer.send(Array.from({ length: 40 }, (_, index) => index));
    expect(peer.waiting).toBe(40);
    uart.write(UART.MCR, MCR.RTS | MCR.DTR);
    expect(peer.waiting).toBe(24);
    const got = drain(uart);
    expect(got).toEqual(Array.from({ length: 40 }, (_, index) => index));
    expect(uart.read(UART.LSR) & LSR.overrun).toBe(0);
    uart.write(UART.MCR, 0);
    peer.send([99]);
    expect(drain(uart)).toEqual([]);
    uart.write(UART.MCR, MCR.RTS);
    expect(drain(uart)).toEqual([99]);
  });

  it('keeps what the peer does not take, says so by THRE, and interrupts when it is gone', () => {
    const { uart, peer } = streamed();
    peer.capacity = 4;
    uart.write(UART.FCR, FCR.enable);
    uart.write(UART.IER, IER.transmit);
    uart.read(UART.IIR);
    send(uart, 1, 2, 3, 4, 5, 6);
    uart.read(UART.IIR);
    expect(uart.read(UART.LSR) & empty).toBe(0);
    expect(uart.interrupting).toBe(false);
    expect(peer.take(1)).toEqual([1]);
    expect(uart.read(UART.LSR) & empty).toBe(0);
    expect(peer.take()).toEqual([2, 3, 4, 5]);
    expect(uart.read(UART.LSR) & empty).toBe(empty);
    expect(uart.read(UART.IIR) & 0x0f).toBe(IIR.transmit);
    expect(peer.take()).toEqual([6]);
  });

  it('loses what is sent to nobody, and never waits for it', () => {
    const { uart, peer } = streamed();
    peer.capacity = undefined;
    send(uart, 1, 2, 3);
    expect(uart.read(UART.LSR)).toBe(empty);
    expect(uart.read(UART.MSR)).toBe(MSR.CTS | MSR.DSR | MSR.DCD);
  });
});
