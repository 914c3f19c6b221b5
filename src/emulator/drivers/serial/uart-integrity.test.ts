import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryServices } from '../testing/services.ts';
import { streamCable } from './cable.ts';
import { FCR, IER, LSR, MCR, UART } from './registers.ts';
import { Uart } from './uart.ts';

type Step =
  | { readonly kind: 'peer-sends'; readonly count: number }
  | { readonly kind: 'peer-takes'; readonly count: number }
  | { readonly kind: 'peer-room'; readonly count: number }
  | { readonly kind: 'driver-sends'; readonly count: number }
  | { readonly kind: 'driver-reads'; readonly count: number }
  | { readonly kind: 'rts'; readonly on: boolean }
  | { readonly kind: 'trigger'; readonly level: number }
  | { readonly kind: 'enable'; readonly ier: number };

const count = fc.integer({ min: 0, max: 40 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('peer-sends', 'peer-takes', 'peer-room', 'driver-sends', 'driver-reads'), count }),
  fc.record({ kind: fc.constant('rts'), on: fc.boolean() }),
  fc.record({ kind: fc.constant('trigger'), level: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ kind: fc.constant('enable'), ier: fc.integer({ min: 0, max: 15 }) }),
);

describe('a UART between a driver and a peer, in random order', () => {
  it.each([
    ['with FIFOs', FCR.enable, 16],
    ['without', 0, 1],
  ])('%s loses, doubles and reorders nothing either way, and its line status and interrupt say what is there', (_, fifos, depth) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const services = new MemoryServices();
        let level = false;
        const uart = new Uart(() => {
          level = uart.interrupting;
        });
        const pump = (): void => {
          uart.pump();
        };
        const port = services.listen('port0', { onReadable: pump, onWritable: pump });
        uart.plug(streamCable(port, () => uart.mcr));
        const peer = services.stream('port0');
        uart.write(UART.FCR, fifos);
        const sent = { byPeer: [] as number[], byDriver: [] as number[] };
        const got = { byPeer: [] as number[], byDriver: [] as number[] };
        let next = 0;
        const fresh = (): number => next++ & 0xff;

        for (const one of steps) {
          switch (one.kind) {
            case 'peer-sends': {
              const bytes = Array.from({ length: one.count }, fresh);
              sent.byPeer.push(...bytes);
              peer.send(bytes);
              break;
            }
            case 'peer-takes':
              got.byPeer.push(...peer.take(one.count));
              break;
            case 'peer-room':
              peer.capacity = one.count;
              break;
            case 'driver-sends':
              // As a driver may: a FIFO's worth after THRE was seen.
              if ((uart.read(UART.LSR) & LSR.transmitterHoldingEmpty) === 0) break;
              for (let index = 0; index < Math.min(one.count, depth); index++) {
                const byte = fresh();
                sent.byDriver.push(byte);
                uart.write(UART.data, byte);
              }
              break;
            case 'driver-reads':
              for (let index = 0; index < one.count && (uart.read(UART.LSR) & LSR.dataReady) !== 0; index++) {
                got.byDriver.push(uart.read(UART.data));
              }
              break;
            case 'rts':
              uart.write(UART.MCR, one.on ? MCR.RTS : 0);
              break;
            case 'trigger':
              if (fifos !== 0) uart.write(UART.FCR, FCR.enable | (one.level << FCR.triggerShift));
              break;
            case 'enable':
              uart.write(UART.IER, one.ier);
          }
          expect(got.byPeer).toEqual(sent.byDriver.slice(0, got.byPeer.length));
          expect(got.byDriver).toEqual(sent.byPeer.slice(0, got.byDriver.length));
          const inReceiver = sent.byPeer.length - peer.waiting - got.byDriver.length;
          expect(inReceiver).toBeLessThanOrEqual(depth);
          const lsr = uart.read(UART.LSR);
          expect((lsr & LSR.dataReady) !== 0).toBe(inReceiver > 0);
          expect(lsr & LSR.overrun).toBe(0);
          if (inReceiver > 0 && (uart.read(UART.IER) & IER.receive) !== 0) expect(level).toBe(true);
        }

        // Let all flow out.
        peer.capacity = Infinity;
        uart.write(UART.MCR, MCR.RTS);
        got.byPeer.push(...peer.take());
        while ((uart.read(UART.LSR) & LSR.dataReady) !== 0) got.byDriver.push(uart.read(UART.data));
        got.byPeer.push(...peer.take());
        expect(got.byPeer).toEqual(sent.byDriver);
        expect(got.byDriver).toEqual(sent.byPeer);
      }),
      { numRuns: 400 },
    );
  });
});
