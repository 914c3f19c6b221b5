/**
 * System calls that Node.js lacks, through the C library. Loading this loads a foreign function interface, so only those import it who
 * need it. Every call answers at once or waits as the system call does; a negative answer is an errno, as in the kernel's own interface.
 *
 * A buffer whose address another buffer holds (`addressOf`) must be kept by whoever hands that out: V8 does not see that it is used.
 */
import { constants } from 'node:fs';
import koffi from 'koffi';
import { errnoName, ErrnoError } from '../errno.ts';
import { afNetlink, netlinkAddress, netlinkAddressBytes, netlinkKobjectUevent } from './structs.ts';
import { eventSignal } from './event-signal.ts';

export const socketFlags = { nonBlocking: 0o4000, closeOnExec: 0o2000000 } as const;
export const epollFlags = { in: 0x1, out: 0x4, error: 0x8, hangUp: 0x10 } as const;
export const messageFlags = { controlCut: 0x8, dontWait: 0x40, noSignal: 0x4000, closeOnExec: 0x40000000 } as const;

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export interface Libc {
  /** A UNIX stream socket, non-blocking and closed on exec. */
  unixSocket(): number;
  /** A UNIX datagram socket, non-blocking and closed on exec. */
  unixDatagramSocket(): number;
  /** A socket that hears the kernel's uevents (netlink, NETLINK_KOBJECT_UEVENT, the kernel's own group), non-blocking and closed on exec. */
  ueventSocket(): number;
  /** `address`: see socketAddress. */
  bind(fd: number, address: Uint8Array): number;
  listen(fd: number, backlog: number): number;
  /** -ECONNREFUSED: nobody listens there. -EAGAIN: somebody does, and has many waiting. */
  connect(fd: number, address: Uint8Array): number;
  /** A connection, non-blocking and closed on exec; -EAGAIN when none waits. */
  accept(fd: number): number;
  /** SO_PEERCRED: who connected. */
  peerCredentials(fd: number): PeerCredentials;
  epollCreate(): number;
  /** `event`: a struct epoll_event. */
  epollControl(epoll: number, operation: 'add' | 'modify' | 'delete', fd: number, event: Uint8Array): number;
  /** Waits for at most `timeout` ms (-1: for ever); the events are written to `events`, and their number answered. */
  epollWait(epoll: number, events: Uint8Array, most: number, timeout: number): number;
  /** `header`: a struct msghdr. */
  receiveMessage(fd: number, header: Uint8Array, flags: number): number;
  sendMessage(fd: number, header: Uint8Array, flags: number): number;
  /** Sends one datagram. -EAGAIN: who is to get it has many waiting. */
  sendTo(fd: number, address: Uint8Array, message: Uint8Array): number;
  /**
   * A pipe, whose ends wait and are closed on exec. `packets`: each write of up to 4,096 bytes (PIPE_BUF) is one read, by whoever reads first
   * (pipe(2), O_DIRECT). @throws ErrnoError
   */
  pipe(packets?: boolean): { readonly read: number; readonly write: number };
  /** An event counter at 0, non-blocking for whoever has it from here. */
  eventfd(): number;
  /** Memory without a name in any file system, `size` zeroes. `sealed`: whoever gets the file cannot make it longer or shorter. */
  memfd(name: string, size: number, sealed?: boolean): number;
  /** Counts one up at an eventfd, as the kernel itself does: it does not wait, whatever the count is. */
  signal(eventfd: number): number;
  /** Maps a file shared, to be read and, if so said, written; answers the address. */
  map(fd: number, offset: bigint, size: bigint, writable: boolean): bigint;
  unmap(address: bigint, size: bigint): number;
  read(fd: number, into: Uint8Array): number;
  write(fd: number, from: Uint8Array): number;
  /** Waits until `fd` can be read (or has ended), or can be written, for at most `timeout` ms (0: not at all). */
  wait(fd: number, what: 'in' | 'out', timeout: number): boolean;
  close(fd: number): number;
}

/** The address of a buffer's first byte, of one larger than 64 bytes: smaller ones may be moved. */
export function addressOf(buffer: Uint8Array): bigint {
  return koffi.address(buffer);
}

/** What a refused call (a negative answer) is for people. */
export function toErrnoError(answer: number, step: string): ErrnoError {
  const code = errnoName(-answer) ?? 'EIO';
  return new ErrnoError(code, `${step} failed with errno ${-answer}`);
}

/** The answer of a call that must not fail. @throws ErrnoError naming the step */
export function must(answer: number, step: string): number {
  if (answer < 0) throw toErrnoError(answer, step);
  return answer;
}

const operations = { add: 1, delete: 2, modify: 3 } as const;
/** linux/memfd.h, and F_ADD_SEALS with its seals of linux/fcntl.h. */
const memfdFlags = { closeOnExec: 1, allowSealing: 2 } as const;
const addSeals = 1033;
const seals = { seal: 1, shrink: 2, grow: 4 } as const;

/** Opens the C library of this process. @throws Error where there is none that can be called */
export function openLibc(): Libc {
  const library = koffi.load(null);
  const call = {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, void *, unsigned int)'),
    listen: library.func('int listen(int, int)'),
    connect: library.func('int connect(int, void *, unsigned int)'),
    accept4: library.func('int accept4(int, void *, void *, int)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
    epollCreate: library.func('int epoll_create1(int)'),
    epollControl: library.func('int epoll_ctl(int, int, int, void *)'),
    epollWait: library.func('int epoll_wait(int, void *, int, int)'),
    recvmsg: library.func('int64_t recvmsg(int, void *, int)'),
    sendmsg: library.func('int64_t sendmsg(int, void *, int)'),
    sendto: library.func('int64_t sendto(int, void *, size_t, int, void *, unsigned int)'),
    pipe2: library.func('int pipe2(void *, int)'),
    eventfd: library.func('int eventfd(unsigned int, int)'),
    memfdCreate: library.func('int memfd_create(const char *, unsigned int)'),
    fcntl: library.func('int fcntl(int, int, ...)'),
    mmap: library.func('int64_t mmap(int64_t, size_t, int, int, int, int64_t)'),
    munmap: library.func('int munmap(int64_t, size_t)'),
    ftruncate: library.func('int ftruncate(int, int64_t)'),
    read: library.func('int64_t read(int, void *, size_t)'),
    write: library.func('int64_t write(int, void *, size_t)'),
    poll: library.func('int poll(void *, unsigned long, int)'),
    close: library.func('int close(int)'),
  };
  /** The C library tells of errors by -1 and a variable. */
  const answer = (result: unknown): number => (result === -1 ? -koffi.errno() : Number(result));
  const nonBlocking = socketFlags.nonBlocking | socketFlags.closeOnExec;
  const pollfd = new Int32Array(32);
  const wait: Libc['wait'] = (fd, what, timeout) => {
    // struct pollfd: an int, and two shorts: what is asked for (POLLIN and POLLOUT are as for epoll), and what is answered.
    pollfd[0] = fd;
    pollfd[1] = epollFlags[what];
    if (answer(call.poll(pollfd, 1, timeout)) !== 1) return false;
    return what === 'in' || ((pollfd[1] >>> 16) & epollFlags.out) !== 0;
  };
  const one = new BigUint64Array(16).fill(1n, 0, 1);
  // Who reads one whose count is at its highest has been told often enough.
  const signal = eventSignal(library, answer, (fd) => (wait(fd, 'out', 0) ? answer(call.write(fd, one, 8)) : 0));
  return {
    unixSocket: () => answer(call.socket(1, 1 | nonBlocking, 0)),
    unixDatagramSocket: () => answer(call.socket(1, 2 | nonBlocking, 0)),
    ueventSocket() {
      const fd = answer(call.socket(afNetlink, 2 | nonBlocking, netlinkKobjectUevent));
      if (fd < 0) return fd;
      const bound = answer(call.bind(fd, netlinkAddress(1), netlinkAddressBytes));
      if (bound === 0) return fd;
      call.close(fd);
      return bound;
    },
    bind: (fd, address) => answer(call.bind(fd, address, address.length)),
    listen: (fd, backlog) => answer(call.listen(fd, backlog)),
    connect: (fd, address) => answer(call.connect(fd, address, address.length)),
    accept: (fd) => answer(call.accept4(fd, null, null, nonBlocking)),
    peerCredentials(fd) {
      const credentials = new Int32Array(32);
      const length = new Int32Array(32).fill(12, 0, 1);
      must(answer(call.getsockopt(fd, 1, 17, credentials, length)), 'getsockopt(SO_PEERCRED)');
      const [pid = 0, uid = 0, gid = 0] = credentials;
      return { pid, uid, gid };
    },
    epollCreate: () => answer(call.epollCreate(socketFlags.closeOnExec)),
    epollControl: (epoll, operation, fd, event) => answer(call.epollControl(epoll, operations[operation], fd, event)),
    epollWait: (epoll, events, most, timeout) => answer(call.epollWait(epoll, events, most, timeout)),
    receiveMessage: (fd, header, flags) => answer(call.recvmsg(fd, header, flags)),
    sendMessage: (fd, header, flags) => answer(call.sendmsg(fd, header, flags)),
    sendTo: (fd, address, message) => answer(call.sendto(fd, message, message.length, messageFlags.noSignal, address, address.length)),
    pipe(packets = false) {
      const ends = new Int32Array(32);
      must(answer(call.pipe2(ends, socketFlags.closeOnExec | (packets ? constants.O_DIRECT : 0))), 'pipe2');
      const [read = -1, write = -1] = ends;
      return { read, write };
    },
    eventfd: () => answer(call.eventfd(0, nonBlocking)),
    memfd(name, size, sealed = false) {
      const fd = answer(call.memfdCreate(name, memfdFlags.closeOnExec | memfdFlags.allowSealing));
      if (fd < 0) return fd;
      let done = answer(call.ftruncate(fd, size));
      if (done === 0 && sealed) done = answer(call.fcntl(fd, addSeals, 'int', seals.seal | seals.shrink | seals.grow));
      if (done === 0) return fd;
      call.close(fd);
      return done;
    },
    signal,
    map(fd, offset, size, writable) {
      const address = call.mmap(0, size, writable ? 3 : 1, 1, fd, offset) as number | bigint;
      return Number(address) === -1 ? BigInt(-koffi.errno()) : BigInt(address);
    },
    unmap: (address, size) => answer(call.munmap(address, size)),
    read: (fd, into) => answer(call.read(fd, into, into.length)),
    write: (fd, from) => answer(call.write(fd, from, from.length)),
    wait,
    close: (fd) => answer(call.close(fd)),
  };
}
