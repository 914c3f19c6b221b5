import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Libc } from '../../lib/libc/libc.ts';
import { openLibc } from '../../lib/libc/libc.ts';
import { EventLoop } from '../../lib/libc/event-loop.ts';
import { FileBudget } from './shared-files.ts';
import { softLimit } from '../../lib/proc-text.ts';
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
  /**
   * There are no file descriptors left: refuses one connection that waits at this listening socket, so that it does not wait for ever.
   * Answers false when not even that can be done; `resume` is called then when there may be some again.
   */
  turnAway(listener: number, resume: () => void): boolean;
  /** File descriptors were closed: those who wait for some go on. */
  freed(): void;
  /** The files that peers share. */
  readonly files: FileBudget;
}

/** Where made-up host pages begin: above what real machines have, so that nobody takes them for theirs. */
const firstPfn = 2 ** 40;

/** Opens the C library, and makes what the thread shares. */
export function openIOContext(runDir: string, log: Log): IOContext {
  const libc = openLibc();
  let nextPfn = firstPfn;
  // Kept to be closed when there is no other left, so that one more can be had for a moment.
  let reserve: number | undefined = openSync('/dev/null', 'r');
  let waiting: (() => void)[] = [];
  return {
    files: new FileBudget(mostFiles()),
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
    turnAway(listener, resume) {
      if (reserve !== undefined) {
        closeSync(reserve);
        const fd = libc.accept(listener);
        if (fd >= 0) libc.close(fd);
      }
      reserve = openReserve();
      if (reserve === undefined) waiting.push(resume);
      return reserve !== undefined;
    },
    freed() {
      if (waiting.length === 0) return;
      reserve ??= openReserve();
      const resumed = waiting;
      waiting = [];
      for (const resume of resumed) resume();
    },
  };
}

/** Undefined when somebody else, in another thread, was faster. */
function openReserve(): number | undefined {
  try {
    return openSync('/dev/null', 'r');
  } catch {
    return undefined;
  }
}

/** Half of what the process may have open: the other half is for sockets and for the rest of the emulator. */
function mostFiles(): number {
  const limit = softLimit(readFileSync('/proc/self/limits', 'utf8'), 'Max open files');
  return Math.floor((Number.isFinite(limit) ? limit : 1024) / 2);
}
