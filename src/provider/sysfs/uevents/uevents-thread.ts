/** Hears the kernel's uevents, as a Worker is started: Node.js has no such sockets, and waiting for one takes a thread. */
import { parentPort } from 'node:worker_threads';
import { errnoNumbers } from '../../../lib/errno.ts';
import { EventLoop, interest } from '../../../lib/libc/event-loop.ts';
import { must, openLibc, type Libc } from '../../../lib/libc/libc.ts';
import { isOfMdev, parseUevent, type Uevent } from './uevent.ts';

/** What the thread says. `lost`: the kernel told more than was heard. */
export type FromUeventThread =
  | { readonly kind: 'ready'; readonly wake: number }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'events'; readonly events: readonly Uevent[]; readonly lost: boolean };

if (parentPort === null) throw new Error('thread.ts is run as a Worker');
const port = parentPort;
/** Larger than any uevent. */
const buffer = new Uint8Array(64 * 1024);
const say = (message: FromUeventThread): void => port.postMessage(message);

try {
  const libc = openLibc();
  const socket = must(libc.ueventSocket(), 'opening a netlink socket for uevents');
  const wake = must(libc.eventfd(), 'eventfd');
  using loop = new EventLoop(libc);
  loop.add(socket, interest.read, () => hear(libc, socket));
  // Woken only to end. The eventfd is closed by whoever wakes.
  loop.add(wake, interest.read, () => loop.stop());
  say({ kind: 'ready', wake });
  await loop.run();
  libc.close(socket);
} catch (error) {
  say({ kind: 'refused', message: error instanceof Error ? error.message : String(error) });
}
port.close();

/** Tells of all that waits at the socket. */
function hear(libc: Libc, socket: number): void {
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
}
