import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { ErrnoError } from '../../lib/errno.ts';
import { hasCapability, softLimit } from '../../lib/proc-text.ts';
import type { LockedAccount, Task } from '../vfio/dma.ts';

/**
 * A process that is connected, by its files in /proc. They are kept open: reading them tells of this very process, and of no other that
 * has got its number since.
 */
export class Peer implements Task {
  readonly pid: number;
  readonly comm: string;
  readonly locked: LockedAccount = { pages: 0 };
  /** How many connections it has. */
  connections = 0;
  /** Its folder in /proc, and what is read there again and again. */
  readonly #folder: number;
  readonly #limits: number;
  readonly #status: number;
  /** /proc/PID/maps, which ends when its memory does; undefined where this process may not be looked at so closely. */
  readonly #maps: number | undefined;

  /** @throws ErrnoError ENODEV when there is no such process; EACCES when it may not be looked at */
  constructor(pid: number) {
    this.pid = pid;
    const files: number[] = [];
    try {
      const [folder, limits, status] = ['', 'limits', 'status'].map((file) => {
        const fd = open(pid, file);
        files.push(fd);
        return fd;
      }) as [number, number, number];
      [this.#folder, this.#limits, this.#status] = [folder, limits, status];
      this.comm = readFileSync(`/proc/self/fd/${folder}/comm`, 'utf8').trimEnd();
      this.#maps = tryOpen(`/proc/self/fd/${folder}/maps`);
    } catch (error) {
      for (const fd of files) closeSync(fd);
      throw error;
    }
  }

  /** RLIMIT_MEMLOCK in bytes. @throws ErrnoError ENODEV when the memory that was connected is gone: it has ended, or has become another program */
  memlockLimit(): number {
    const limit = softLimit(this.#read(this.#limits), 'Max locked memory');
    if (this.#maps !== undefined && readSync(this.#maps, this.#probe, 0, this.#probe.length, 0) === 0)
      throw new ErrnoError('ENODEV', `the memory of process ${this.pid} (${this.comm}) is gone`);
    return limit;
  }

  /** Whether it has CAP_IPC_LOCK here: in a user namespace of its own a process has all capabilities, and none of them counts outside. */
  hasIPCLock(): boolean {
    if (!hasCapability(this.#read(this.#status), 'ipcLock')) return false;
    return userNamespace(`/proc/self/fd/${this.#folder}`) === userNamespace('/proc/self');
  }

  close(): void {
    for (const fd of [this.#folder, this.#limits, this.#status, this.#maps]) if (fd !== undefined) closeSync(fd);
  }

  readonly #probe = new Uint8Array(64);

  #read(fd: number): string {
    try {
      return readWhole(fd);
    } catch (cause) {
      throw new ErrnoError('ENODEV', `process ${this.pid} (${this.comm}) is gone`, { cause });
    }
  }
}

/** A file of /proc from its start; such files do not say how long they are. */
function readWhole(fd: number): string {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const part = Buffer.alloc(4096);
    const read = readSync(fd, part, 0, part.length, at);
    if (read === 0) return Buffer.concat(parts).toString();
    parts.push(part.subarray(0, read));
    at += read;
  }
}

/** Which one it is; undefined where that may not be seen. */
function userNamespace(folder: string): string | undefined {
  try {
    return readlinkSync(`${folder}/ns/user`);
  } catch {
    return undefined;
  }
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

function open(pid: number, file: string): number {
  try {
    return openSync(`/proc/${pid}/${file}`, 'r');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const errno = code === 'EACCES' || code === 'EMFILE' || code === 'ENFILE' ? code : 'ENODEV';
    throw new ErrnoError(errno, `Cannot read /proc/${pid}/${file}, which has the limits of the peer`, { cause });
  }
}

/** When the process started, in ticks since boot: with its number, what tells it from all others. @throws ErrnoError ENODEV */
function startTime(pid: number): string {
  try {
    // The command's name, in brackets, may have anything in it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch (cause) {
    throw new ErrnoError('ENODEV', `process ${pid} is gone`, { cause });
  }
}

/** The processes that are connected, one Peer each however many connections it has. */
export class Peers {
  readonly #peers = new Map<string, Peer>();

  /** The process, with one connection more. @throws ErrnoError as Peer; EACCES when it cannot be seen from here */
  enter(pid: number): Peer {
    if (pid === 0)
      throw new ErrnoError(
        'EACCES',
        'the peer is in another PID namespace and cannot be seen from here, so its limit on locked memory is not known',
      );
    const key = `${pid} ${startTime(pid)}`;
    const peer = this.#peers.get(key) ?? new Peer(pid);
    this.#peers.set(key, peer);
    peer.connections++;
    return peer;
  }

  /** One connection less. */
  leave(peer: Peer): void {
    if (--peer.connections > 0) return;
    for (const [key, other] of this.#peers) if (other === peer) this.#peers.delete(key);
    peer.close();
  }
}
