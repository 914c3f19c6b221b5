import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './client-calls.ts';
import { Inbox } from './inbox.ts';
import { headerBytes } from './wire.ts';

/** A message whose payload is `length` bytes that tell where they are. */
function message(id: number, length: number): Uint8Array {
  const bytes = new Uint8Array(headerBytes + length).map((_, index) => (id + index) % 256);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id, true);
  view.setUint32(4, bytes.length, true);
  return bytes;
}

interface Sent {
  readonly length: number;
  readonly fds: readonly number[];
}

/**
 * The chunks in which the kernel hands a stream over: cut anywhere, but always after the data that file descriptors came with.
 * Each message is written at once, and its descriptors go with its first byte.
 */
function chunks(messages: readonly Sent[], cuts: readonly number[]): { readonly bytes: Uint8Array; readonly fds: number[] }[] {
  const result: { bytes: Uint8Array; fds: number[] }[] = [];
  let run: number[] = [];
  let fds: number[] = [];
  const flush = (): void => {
    if (run.length > 0) result.push({ bytes: Uint8Array.from(run), fds });
    [run, fds] = [[], []];
  };
  let cut = 0;
  for (const [id, { length, fds: own }] of messages.entries()) {
    for (const [index, byte] of message(id, length).entries()) {
      if (index === 0 && own.length > 0) fds = [...own];
      run.push(byte);
      if (cuts.length > 0 && run.length >= (cuts[cut % cuts.length] ?? 1)) {
        cut++;
        flush();
      }
    }
    if (own.length > 0) flush();
  }
  flush();
  return result;
}

describe('the inbox of a connection', () => {
  it('finds every message with its file descriptors, however the stream was cut, and however late it is read', () => {
    const sent = fc.record({ length: fc.oneof(fc.nat(40), fc.constantFrom(0, 300, 5000)), fds: fc.array(fc.nat(99), { maxLength: 2 }) });
    fc.assert(
      fc.property(
        fc.array(sent, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 70 }), { maxLength: 5 }),
        fc.nat(3),
        (messages, cuts, patience) => {
          const inbox = new Inbox();
          const found: Sent[] = [];
          // As in the server: one buffer that every chunk is received in.
          const buffer = new Uint8Array(64 * 1024);
          const view = new DataView(buffer.buffer);
          const read = (most: number): void => {
            for (let count = 0; count < most && inbox.isReady; count++) {
              inbox.next();
              const expected = message(found.length, inbox.size - headerBytes);
              expect(Buffer.from(inbox.bytes.subarray(inbox.at, inbox.at + inbox.size)).equals(expected)).toBe(true);
              found.push({ length: inbox.size - headerBytes, fds: inbox.fds });
            }
            inbox.keep();
          };
          for (const { bytes, fds } of chunks(messages, cuts)) {
            buffer.set(bytes);
            inbox.push(buffer, view, bytes.length, fds);
            read(patience === 0 ? Infinity : patience);
            buffer.fill(0xee);
          }
          read(Infinity);
          expect(found).toEqual(messages);
          expect(inbox.drain()).toEqual([]);
        },
      ),
    );
  });

  it.each([0, 15, 0x100000 + 33, 0xffffffff])('knows that there is no message of %i bytes', (size) => {
    const inbox = new Inbox();
    const bytes = message(1, 0);
    new DataView(bytes.buffer).setUint32(4, size, true);
    inbox.push(bytes, new DataView(bytes.buffer), bytes.length, []);
    expect(() => inbox.isReady).toThrow(ProtocolError);
  });

  it('takes no more file descriptors than commands may have, and gives back those that nobody took', () => {
    const inbox = new Inbox();
    const half = message(1, 8).subarray(0, 20);
    const fds = Array.from({ length: 65 }, (_, index) => index);
    expect(() => inbox.push(half, new DataView(half.buffer), half.length, fds)).toThrow(ProtocolError);
    expect(inbox.drain()).toEqual(fds);
  });
});
