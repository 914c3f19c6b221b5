import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { ErrnoError } from '../../lib/errno.ts';
import type { LockedAccount, Task } from '../vfio/dma.ts';

/** CAP_IPC_LOCK of linux/capability.h. */
const capIPCLock = 14n;

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
  readonly #limits: number;
  readonly #status: number;
  readonly #buffer = new Uint8Array(8192);

  /** @throws ErrnoError ENODEV when there is no such process; EACCES when it may not be looked at */
  constructor(pid: number) {
    this.pid = pid;
    this.#limits = open(pid, 'limits');
    this.#status = open(pid, 'status');
    this.comm = readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  }

  memlockLimit(): number {
    const line = /^Max locked memory\s+(\S+)/m.exec(this.#read(this.#limits))?.[1];
    return line === undefined || line === 'unlimited' ? Infinity : Number(line);
  }

  hasIPCLock(): boolean {
    const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(this.#read(this.#status))?.[1] ?? '0';
    return ((BigInt(`0x${effective}`) >> capIPCLock) & 1n) === 1n;
  }

  close(): void {
    closeSync(this.#limits);
    closeSync(this.#status);
  }

  #read(fd: number): string {
    try {
      return Buffer.from(this.#buffer.buffer, 0, readSync(fd, this.#buffer, 0, this.#buffer.length, 0)).toString();
    } catch (cause) {
      throw new ErrnoError('ENODEV', `process ${this.pid} (${this.comm}) is gone`, { cause });
    }
  }
}

function open(pid: number, file: string): number {
  try {
    return openSync(`/proc/${pid}/${file}`, 'r');
  } catch (cause) {
    const denied = cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
    throw new ErrnoError(denied ? 'EACCES' : 'ENODEV', `Cannot read /proc/${pid}/${file}, which has the limits of the peer`, { cause });
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
