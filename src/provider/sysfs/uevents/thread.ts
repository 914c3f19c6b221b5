/** Hears the kernel's uevents, as a Worker is started: Node.js has no such sockets, and waiting for one takes a thread. */
import { parentPort } from 'node:worker_threads';
import { errnoNumbers } from '../../../lib/errno.ts';
import { epollFlags, must, openLibc, type Libc } from '../../../lib/libc/libc.ts';
import { epollEvent } from '../../../lib/libc/structs.ts';
import { isOfMdev, parseUevent, type Uevent } from './uevent.ts';

/** What the thread says. `lost`: the kernel told more than was heard. */
export type FromUeventThread =
  | { readonly kind: 'ready'; readonly wake: number }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'events'; readonly events: readonly Uevent[]; readonly lost: boolean };

if (parentPort === null) throw new Error('thread.ts is run as a Worker');
const port = parentPort;
const say = (message: FromUeventThread): void => port.postMessage(message);

try {
  const libc = openLibc();
  const socket = must(libc.ueventSocket(), 'opening a netlink socket for uevents');
  const wake = must(libc.eventfd(), 'eventfd');
  const epoll = must(libc.epollCreate(), 'epoll_create1');
  for (const fd of [socket, wake]) must(libc.epollControl(epoll, 'add', fd, interestIn(fd)), 'epoll_ctl');
  say({ kind: 'ready', wake });
  hear(libc, { socket, wake, epoll });
  for (const fd of [socket, epoll]) libc.close(fd);
} catch (error) {
  say({ kind: 'refused', message: error instanceof Error ? error.message : String(error) });
}
port.close();

function interestIn(fd: number): Uint8Array {
  const event = new DataView(new ArrayBuffer(128));
  event.setUint32(0, epollFlags.in, true);
  event.setUint32(epollEvent.data, fd, true);
  return new Uint8Array(event.buffer);
}

/** Until it is woken. */
function hear(libc: Libc, { socket, wake, epoll }: { socket: number; wake: number; epoll: number }): void {
  const ready = new Uint8Array(8 * epollEvent.size);
  const counter = new Uint8Array(128);
  const buffer = new Uint8Array(64 * 1024);
  while (libc.read(wake, counter.subarray(0, 8)) < 0) {
    const events: Uevent[] = [];
    let lost = false;
    for (;;) {
      const length = libc.read(socket, buffer);
      if (length === -errnoNumbers.ENOBUFS) lost = true;
      else if (length < 0) break;
      else {
        const event = parseUevent(buffer.subarray(0, length));
        if (event !== undefined && isOfMdev(event)) events.push(event);
      }
    }
    if (events.length > 0 || lost) say({ kind: 'events', events, lost });
    libc.epollWait(epoll, ready, 8, -1);
  }
}
