import { fchmodSync, lstatSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoNumbers, ErrnoError } from '../../lib/errno.ts';
import type { Libc } from '../../lib/libc/libc.ts';
import { must } from '../../lib/libc/libc.ts';
import { socketAddress } from '../../lib/libc/structs.ts';
import type { EventLoop } from '../../lib/libc/event-loop.ts';
import { interest } from '../../lib/libc/event-loop.ts';

const backlog = 128;
/** Connections taken at once. */
const acceptsInTurn = 16;

export interface UnixListenerInit {
  readonly path: string;
  readonly libc: Libc;
  readonly loop: EventLoop;
  /** Takes over a connection that was made. */
  readonly onConnection: (fd: number) => void;
  /** A connection waits, and there are no file descriptors left to take it: none is taken until `resume` is called. Answers whether it was turned away. */
  readonly onExhausted: (listener: number, resume: () => void) => boolean;
}

/** A UNIX stream socket that listens, mode 0600 from its first moment. */
export class UnixListener implements Disposable {
  #closed = false;
  readonly #init: UnixListenerInit;
  readonly #fd: number;

  /** @throws ErrnoError EINVAL the path is too long; EADDRINUSE somebody answers there; else what the system refuses with */
  constructor(init: UnixListenerInit) {
    const { path, libc, loop } = init;
    this.#init = init;
    const address = socketAddress(path);
    const fd = must(libc.unixSocket(), 'socket');
    try {
      // A socket's own mode, less the umask, becomes that of its name in the file system.
      fchmodSync(fd, 0o600);
      let bound = libc.bind(fd, address);
      if (bound === -errnoNumbers.EADDRINUSE && removeStale(libc, path)) bound = libc.bind(fd, address);
      must(bound, `bind to ${path}`);
      must(libc.listen(fd, backlog), 'listen');
      loop.add(fd, interest.read, () => this.#accept());
    } catch (error) {
      libc.close(fd);
      throw error;
    }
    this.#fd = fd;
  }

  [Symbol.dispose](): void {
    const { path, libc, loop } = this.#init;
    this.#closed = true;
    loop.remove(this.#fd);
    libc.close(this.#fd);
    removeIfThere(path);
  }

  #exhausted(): void {
    const { loop, onExhausted } = this.#init;
    const resume = (): void => {
      if (!this.#closed) loop.change(this.#fd, interest.read);
    };
    if (!onExhausted(this.#fd, resume)) loop.change(this.#fd, interest.none);
  }

  #accept(): void {
    const { libc, onConnection } = this.#init;
    for (let count = 0; count < acceptsInTurn; count++) {
      const fd = libc.accept(this.#fd);
      if (fd === -errnoNumbers.EMFILE || fd === -errnoNumbers.ENFILE || fd === -errnoNumbers.ENOMEM) this.#exhausted();
      if (fd < 0) return;
      onConnection(fd);
    }
  }
}

/** Removes the socket at `path` if nobody answers there: a dead server's. Anything but a socket is left. */
function removeStale(libc: Libc, path: string): boolean {
  if (!lstatSync(path).isSocket()) return false;
  const fd = must(libc.unixSocket(), 'socket');
  const answer = libc.connect(fd, socketAddress(path));
  libc.close(fd);
  if (answer !== -errnoNumbers.ECONNREFUSED) return false;
  removeIfThere(path);
  return true;
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      throw new ErrnoError('EIO', `Cannot remove ${path}`, { cause: error });
  }
}

const deviceSocket = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(sock|port[0-9])$/;

/** Removes the sockets of devices that a dead emulator has left in the folder. */
export function removeStaleSockets(libc: Libc, folder: string): void {
  for (const name of readdirSync(folder)) if (deviceSocket.test(name)) removeStale(libc, join(folder, name));
}
