import { closeSync, openSync } from 'node:fs';
import { commands, headerBytes } from '../../src/emulator/vfio-user/wire.ts';
import { Client, message, pack } from './client.ts';

/** Random numbers from a seed (xorshift), so that a run can be repeated. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** Below `limit`. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0];
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

const interesting = [
  0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 20, 24, 32, 255, 256, 4096, 65536, 1048576, 1048577, 0x7fffffff, 0x80000000, 0xffffffff,
] as const;

function u32(random: Random): number {
  return random.below(3) === 0 ? random.below(0x100000000) : random.pick(interesting);
}

function u64(random: Random): bigint {
  const low = BigInt(u32(random));
  return random.below(3) === 0 ? (BigInt(u32(random)) << 32n) | low : random.below(2) === 0 ? low & ~0xfffn : low;
}

/** A payload that the command might have, with odd values. */
function payloadOf(command: number, random: Random): Buffer {
  switch (command) {
    case commands.version:
      return Buffer.concat([pack([16, random.below(2)], [16, random.below(3)]), Buffer.from('{"capabilities":{}}\0')]);
    case commands.dmaMap:
      return pack(
        [32, random.pick([32, 32, 0, 0xffffffff])],
        [32, random.pick([3, 3, 1, 2, 0, 7])],
        [64, u64(random)],
        [64, u64(random)],
        [64, u64(random)],
      );
    case commands.dmaUnmap:
      return pack([32, random.pick([24, 24, 0])], [32, random.pick([0, 0, 1, 2])], [64, u64(random)], [64, u64(random)]);
    case commands.getInfo:
    case commands.getIRQInfo:
    case commands.getRegionIOFds:
      return pack([32, u32(random)], [32, u32(random)], [32, random.below(8)], [32, u32(random)]);
    case commands.getRegionInfo:
      return pack([32, u32(random)], [32, u32(random)], [32, random.below(12)], [32, 0], [64, 0], [64, 0]);
    case commands.setIRQs: {
      const count = random.below(4);
      return Buffer.concat([
        pack([32, random.pick([20, 20 + count, 20 + 4 * count])], [32, random.pick([0x21, 0x22, 0x24, 0x9, 0x11, 0x14, u32(random)])]),
        pack([32, random.below(6)], [32, random.below(3)], [32, random.pick([count, u32(random)])]),
        random.bytes(random.below(8)),
      ]);
    }
    case commands.regionRead:
      return pack(
        [64, random.below(2) === 0 ? random.below(512) : u64(random)],
        [32, random.below(10)],
        [32, random.pick([1, 2, 4, 8, 140, u32(random)])],
      );
    case commands.regionWrite: {
      const data = random.bytes(random.pick([1, 2, 4, 8, 64, 140]));
      return Buffer.concat([
        pack(
          [64, random.below(2) === 0 ? random.below(512) : u64(random)],
          [32, random.below(10)],
          [32, random.below(8) === 0 ? u32(random) : data.length],
        ),
        data,
      ]);
    }
    case commands.regionWriteMulti: {
      const count = random.below(4);
      const writes = Array.from({ length: count }, () =>
        pack([64, random.below(512)], [32, random.below(10)], [32, random.pick([1, 4, 8, 9])], [64, u64(random)]),
      );
      return Buffer.concat([pack([64, random.below(5) === 0 ? u64(random) : count]), ...writes]);
    }
    default:
      return random.bytes(random.below(64));
  }
}

/** A message, mostly well formed but for its values; some with another size, kind or flags than there may be. */
function messageOf(random: Random): Buffer {
  const command = random.below(12) === 0 ? random.below(65536) : 1 + random.below(15);
  const payload = payloadOf(command, random);
  const cut = random.below(10) === 0 ? payload.subarray(0, random.below(payload.length + 1)) : payload;
  // Replies that nobody asked for, and kinds that there are not, end the connection.
  const flags = random.below(200) === 0 ? random.pick([0x1, 0x11, 0x2, 0xffffffff]) : random.below(8) === 0 ? random.pick([0x10, 0x20]) : 0;
  const bytes = message(random.below(65536), command, cut, flags);
  // Now and then a size that is not that of the message, which ends the connection or takes what follows for its own.
  if (random.below(400) === 0) bytes.writeUInt32LE(random.pick([0, 15, headerBytes, bytes.length + 7, 0xffffffff]), 4);
  return bytes;
}

/** What a fuzz run came to. */
export interface FuzzResult {
  readonly messages: number;
  readonly connections: number;
}

/**
 * Sends random messages, some with random file descriptors, to the device at `path`, connecting anew whenever the server has ended
 * the connection. What it answers is read and thrown away.
 */
export function fuzz(path: string, messages: number, seed: number): FuzzResult {
  const random = new Random(seed);
  let connections = 0;
  let client: Client | undefined;
  const fds = (): number[] => {
    if (client === undefined || random.below(12) !== 0) return [];
    return Array.from({ length: 1 + random.below(3) }, () => {
      const kind = random.below(4);
      if (kind === 0) return client?.libc.eventfd() ?? -1;
      if (kind === 1) return client?.libc.memfd('fuzz', random.pick([0, 4096, 1048576])) ?? -1;
      return openSync(random.pick(['/dev/null', '/proc/self/status', '/tmp']), 'r');
    });
  };
  for (let sent = 0; sent < messages; sent++) {
    if (client === undefined) {
      client = new Client(path);
      connections++;
      if (random.below(10) !== 0) client.send(commands.version, payloadOf(commands.version, new Random(1)));
    }
    const passed = fds();
    try {
      client.sendRaw(messageOf(random), passed);
      // Read now and then, so that neither side waits for the other; and sometimes the client just goes.
      if (random.below(8) === 0) while (client.next(0) !== undefined);
      if (random.below(2000) === 0) {
        client[Symbol.dispose]();
        client = undefined;
      }
    } catch {
      // The server has ended the connection.
      client?.[Symbol.dispose]();
      client = undefined;
    }
    for (const fd of passed) closeSync(fd);
  }
  client?.[Symbol.dispose]();
  return { messages, connections };
}
