import { describe, expect, it } from 'vitest';
import type { DeviceModel } from '../../vfio/model.ts';
import { readBytes, readNumber, writeNumber } from '../testing/access.ts';
import { MemoryUser } from '../testing/device-user.ts';
import { MemoryServices } from '../testing/services.ts';
import { mttyModel } from './mtty-model.ts';
import { FCR, IER, IIR, LCR, LSR, MCR, MSR, UART } from './registers.ts';

const config = 7;

function opened(ports: 1 | 2 = 2, attributes: Record<string, string> = {}) {
  const services = new MemoryServices();
  const model = mttyModel(ports, services);
  const user = new MemoryUser({ attributes });
  user.open(model);
  return { model, user, services };
}

/** One port as a driver's inb and outb reach it. */
class Port {
  readonly #model: DeviceModel;
  readonly #bar: number;

  constructor(model: DeviceModel, bar: number) {
    this.#model = model;
    this.#bar = bar;
  }

  in(register: number): number {
    return readNumber(this.#model, this.#bar, register, 1);
  }

  out(register: number, value: number): void {
    writeNumber(this.#model, this.#bar, register, 1, value);
  }

  /** The tests of Linux's autoconfig(), 8250_port.c: what it takes the port for. */
  autoconfig(): string {
    this.out(UART.IER, 0);
    const none = this.in(UART.IER) & 0x0f;
    this.out(UART.IER, 0x0f);
    const all = this.in(UART.IER) & 0x0f;
    this.out(UART.IER, 0);
    if (none !== 0 || all !== 0x0f) return 'no UART: IER';
    const mcr = this.in(UART.MCR);
    this.out(UART.MCR, MCR.loop | MCR.OUT2 | MCR.RTS);
    const looped = this.in(UART.MSR) & 0xf0;
    this.out(UART.MCR, mcr);
    if (looped !== (MSR.DCD | MSR.CTS)) return 'no UART: loopback';
    this.out(UART.LCR, 0xbf); // EFR access, of a 16650 and later
    this.out(UART.FCR, 0);
    this.out(UART.LCR, 0);
    this.out(UART.FCR, FCR.enable);
    const fifos = this.in(UART.IIR) >> 6;
    if (fifos !== 3) return `FIFOs ${fifos}`;
    this.out(UART.LCR, LCR.DLAB);
    if (this.in(UART.IIR) === 0) return '16650';
    this.out(UART.LCR, 0xbf);
    if (this.in(UART.IIR) === 0) return '16850';
    this.out(UART.LCR, 0);
    const before = this.in(UART.MCR);
    this.out(UART.LCR, 0xe0);
    if (((this.in(UART.IIR) ^ before) & MCR.loop) !== 0) return 'NS16550A';
    this.out(UART.LCR, 0);
    this.out(UART.FCR, FCR.enable);
    const plain = this.in(UART.IIR) >> 5;
    this.out(UART.FCR, FCR.enable | 0x20);
    const deep = this.in(UART.IIR) >> 5;
    this.out(UART.FCR, FCR.enable);
    if (plain === 6 && deep === 7) return '16750';
    this.out(UART.IER, 0x40);
    const unit = this.in(UART.IER) & 0x40;
    this.out(UART.IER, 0);
    this.out(UART.FCR, 0);
    return unit === 0 ? '16550A' : 'XScale';
  }

  /** serial8250_do_startup: returns the workarounds that it would turn on. */
  startup(): string[] {
    const bugs: string[] = [];
    this.out(UART.FCR, FCR.enable);
    this.out(UART.FCR, FCR.enable | FCR.clearReceiver | FCR.clearTransmitter);
    this.out(UART.FCR, 0);
    for (const register of [UART.LSR, UART.data, UART.IIR, UART.MSR]) this.in(register);
    if (this.in(UART.LSR) === 0xff) bugs.push('no device');
    this.out(UART.IER, IER.transmit);
    const first = this.in(UART.IIR);
    this.out(UART.IER, 0);
    this.out(UART.IER, IER.transmit);
    const again = this.in(UART.IIR);
    this.out(UART.IER, 0);
    if ((first & IIR.none) === 0 && (again & IIR.none) !== 0) bugs.push('THRE');
    this.out(UART.LCR, 3);
    this.out(UART.MCR, MCR.OUT2);
    this.out(UART.IER, IER.transmit);
    const lsr = this.in(UART.LSR);
    const iir = this.in(UART.IIR);
    this.out(UART.IER, 0);
    if ((lsr & LSR.transmitterEmpty) !== 0 && (iir & IIR.none) !== 0) bugs.push('TXEN');
    for (const register of [UART.LSR, UART.data, UART.IIR, UART.MSR]) this.in(register);
    // set_termios, then the lines of an open port
    this.out(UART.LCR, 3 | LCR.DLAB);
    this.out(UART.data, 1);
    this.out(UART.IER, 0);
    this.out(UART.LCR, 3);
    this.out(UART.FCR, FCR.enable | (2 << FCR.triggerShift));
    this.out(UART.MCR, MCR.DTR | MCR.RTS | MCR.OUT2);
    this.out(UART.IER, IER.receive | IER.lineStatus);
    return bugs;
  }

  /** serial8250_handle_irq and its loop: takes all that waits, sends from `toSend`; returns what came. */
  interrupt(toSend: number[]): number[] {
    const received: number[] = [];
    while ((this.in(UART.IIR) & IIR.none) === 0) {
      let lsr = this.in(UART.LSR);
      while ((lsr & LSR.dataReady) !== 0) {
        received.push(this.in(UART.data));
        lsr = this.in(UART.LSR);
      }
      this.in(UART.MSR);
      if ((lsr & LSR.transmitterHoldingEmpty) === 0) continue;
      for (const byte of toSend.splice(0, 16)) this.out(UART.data, byte);
      if (toSend.length === 0) this.out(UART.IER, this.in(UART.IER) & ~IER.transmit);
    }
    return received;
  }
}

/** A driver that sends `bytes` whenever it is interrupted; returns what it received. */
function exchange(port: Port, user: MemoryUser, bytes: number[]): number[] {
  const toSend = [...bytes];
  const received: number[] = [];
  port.out(UART.IER, port.in(UART.IER) | IER.transmit);
  while (user.levels.get(0) === true) received.push(...port.interrupt(toSend));
  return received;
}

const message = Array.from({ length: 1000 }, (_, index) => (index * 7) & 0xff);

describe('mtty as a PCI function', () => {
  it('presents itself as the sample driver of the kernel does', () => {
    const { model } = opened();
    expect(readNumber(model, config, 0x00, 4)).toBe(0x3253_4348);
    expect(readNumber(model, config, 0x08, 4)).toBe(0x0700_0210);
    expect(readNumber(model, config, 0x2c, 4)).toBe(0x3253_4348);
    expect(readNumber(model, config, 0x3d, 1)).toBe(1);
    expect(model.regions.slice(0, 3).map(({ size }) => size)).toEqual([8, 8, 0]);
    for (const offset of [0x10, 0x14]) {
      writeNumber(model, config, offset, 4, 0xffff_ffff);
      expect(readNumber(model, config, offset, 4)).toBe(0xffff_fff9);
    }
  });

  it('with one port has one BAR', () => {
    const { model } = opened(1);
    expect(model.regions.slice(0, 2).map(({ size }) => size)).toEqual([8, 0]);
    writeNumber(model, config, 0x14, 4, 0xffff_ffff);
    expect(readNumber(model, config, 0x14, 4)).toBe(0);
  });

  it("is a 16550A to Linux's tests, which find no bug to work around", () => {
    const { model, user } = opened();
    for (const bar of [0, 1]) {
      const port = new Port(model, bar);
      expect(port.autoconfig()).toBe('16550A');
      expect(port.startup()).toEqual([]);
    }
    expect(user.levels.get(0)).not.toBe(true);
  });

  it('has FIFOs of 16 characters by the loopback count of size_fifo()', () => {
    const port = new Port(opened().model, 0);
    port.out(UART.FCR, FCR.enable | FCR.clearReceiver | FCR.clearTransmitter);
    port.out(UART.MCR, MCR.loop);
    for (let count = 0; count < 256; count++) port.out(UART.data, count);
    let count = 0;
    while ((port.in(UART.LSR) & LSR.dataReady) !== 0) expect(port.in(UART.data)).toBe(count++);
    expect(count).toBe(16);
  });

  it('returns what a driver sends by interrupts, through the default plug', () => {
    const { model, user } = opened();
    for (const bar of [0, 1]) {
      const port = new Port(model, bar);
      port.startup();
      expect(exchange(port, user, message)).toEqual(message);
    }
    expect(user.levels.get(0)).toBe(false);
  });

  it('moves bytes both ways between a driver and a peer that is slow to take them', () => {
    const { model, user, services } = opened(2, { 'vendor/port1_backend': 'socket' });
    const port = new Port(model, 1);
    port.startup();
    const peer = services.stream('port1');
    peer.capacity = 5;
    peer.send(message);
    const reply = message.toReversed();
    const toSend = [...reply];
    const received: number[] = [];
    const arrived: number[] = [];
    port.out(UART.IER, port.in(UART.IER) | IER.transmit);
    while (arrived.length < reply.length) {
      if (user.levels.get(0) === true) received.push(...port.interrupt(toSend));
      const taken = peer.take(3);
      if (taken.length === 0) throw new Error(`the port is stuck after ${arrived.length} bytes`);
      arrived.push(...taken);
    }
    expect(arrived).toEqual(reply);
    expect(received).toEqual(message);
  });

  it('interrupts as long as either port does', () => {
    const { model, user } = opened();
    const [first, second] = [new Port(model, 0), new Port(model, 1)];
    first.out(UART.IER, IER.transmit);
    second.out(UART.IER, IER.transmit);
    expect(user.signalsOf(0)).toBe(1);
    expect(first.in(UART.IIR)).toBe(IIR.transmit);
    expect(user.levels.get(0)).toBe(true);
    expect(second.in(UART.IIR)).toBe(IIR.transmit);
    expect(user.levels.get(0)).toBe(false);
  });

  it('interrupts without OUT2, which no gate of this card asks for', () => {
    const { model, user } = opened();
    const port = new Port(model, 0);
    port.out(UART.IER, IER.receive);
    port.out(UART.data, 1);
    expect(user.levels.get(0)).toBe(true);
  });

  it('takes an access of several bytes as one to each register', () => {
    const { model } = opened();
    writeNumber(model, 0, UART.LCR, 2, 0x0203);
    expect([...readBytes(model, 0, 0, 8)]).toEqual([0, 0, 1, 3, 2, 0x60, MSR.CTS | MSR.deltaCTS, 0]);
  });

  it('serves a stream for each port that shall have one, while the device is open', () => {
    const { user, services } = opened(2, { 'vendor/port0_backend': 'loopback', 'vendor/port1_backend': 'socket' });
    expect([...services.streams.keys()]).toEqual(['port1']);
    user.close();
    expect([...services.streams.keys()]).toEqual([]);
    expect(user.strayCalls).toBe(0);
  });

  it('cannot be opened with a backend it does not know, or when a stream cannot be served; nothing is left of the attempt', () => {
    const services = new MemoryServices();
    const model = mttyModel(2, services);
    const both = { 'vendor/port0_backend': 'socket', 'vendor/port1_backend': 'socket' };
    expect(() => model.open(new MemoryUser({ attributes: { ...both, 'vendor/port1_backend': 'modem' } }))).toThrow('EINVAL');
    expect(services.streams.size).toBe(0);
    services.refused.add('port1');
    expect(() => model.open(new MemoryUser({ attributes: both }))).toThrow('EBUSY');
    expect(services.streams.size).toBe(0);
    services.refused.clear();
    new MemoryUser({ attributes: both }).open(model);
    expect(services.streams.size).toBe(2);
  });

  it('changes backends between two users, and lets the second find nothing that came or went for the first', () => {
    const { model, user, services } = opened(1, { 'vendor/port0_backend': 'socket' });
    const port = new Port(model, 0);
    port.startup();
    services.stream('port0').capacity = 0;
    services.stream('port0').send([7]);
    port.out(UART.data, 1);
    expect(port.in(UART.LSR) & LSR.dataReady).not.toBe(0);
    expect(port.in(UART.LSR) & LSR.transmitterEmpty).toBe(0);
    user.close();
    const next = new MemoryUser();
    next.open(model);
    expect(port.in(UART.LSR) & (LSR.transmitterEmpty | LSR.dataReady)).toBe(LSR.transmitterEmpty);
    expect(exchange(port, next, message)).toEqual(message);
  });

  it('is as at power-on after a reset, and still plugged in', () => {
    const { model, user } = opened();
    const port = new Port(model, 0);
    port.startup();
    port.out(UART.data, 1);
    expect(user.levels.get(0)).toBe(true);
    model.reset?.();
    expect(user.levels.get(0)).toBe(false);
    expect([...readBytes(model, 0, 1, 7)]).toEqual([0, 1, 0, 0, 0x60, 0, 0]);
    port.startup();
    expect(exchange(port, user, message)).toEqual(message);
  });
});
