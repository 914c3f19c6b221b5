import { closeSync, openSync } from 'node:fs';
import type { Libc } from '../../lib/libc/libc.ts';
import { openLibc } from '../../lib/libc/libc.ts';
import { EventLoop } from './event-loop.ts';
import { Peers } from './peer.ts';
import { Transport } from './transport.ts';

export type Log = (level: 'debug' | 'info' | 'warn' | 'error', message: string, error: unknown) => void;

/** What everything in the I/O thread shares. */
export interface IOContext {
  readonly libc: Libc;
  readonly loop: EventLoop;
  readonly transport: Transport;
  readonly peers: Peers;
  /** The folder of the devices' sockets. */
  readonly runDir: string;
  readonly log: Log;
  /** The first of so many host page frame numbers that nothing else has been given. */
  takePfns(pages: number): number;
  /** There are no file descriptors left: refuses one connection that waits at this listening socket, so that it does not wait for ever. */
  turnAway(listener: number): void;
}

/** Where made-up host pages begin: above what real machines have, so that nobody takes them for theirs. */
const firstPfn = 2 ** 40;

/** Opens the C library, and makes what the thread shares. */
export function openIOContext(runDir: string, log: Log): IOContext {
  const libc = openLibc();
  let nextPfn = firstPfn;
  // Kept to be closed when there is no other left, so that one more can be had for a moment.
  let reserve = openSync('/dev/null', 'r');
  return {
    libc,
    loop: new EventLoop(libc),
    transport: new Transport(libc),
    peers: new Peers(),
    runDir,
    log,
    takePfns(pages) {
      const first = nextPfn;
      nextPfn = first + pages <= Number.MAX_SAFE_INTEGER ? first + pages : firstPfn;
      return first;
    },
    turnAway(listener) {
      closeSync(reserve);
      const fd = libc.accept(listener);
      if (fd >= 0) libc.close(fd);
      reserve = openSync('/dev/null', 'r');
    },
  };
}
