import { must, openLibc } from './libc/libc.ts';
import { namedAddress } from './libc/structs.ts';

/**
 * Tells the service manager that has started this process how it is: sd_notify(3), a datagram of `KEY=value` lines to the socket that
 * $NOTIFY_SOCKET names.
 * @param socket a path, or a name of the abstract namespace that begins with `@`
 * @param state such as `READY` and `1`
 * @throws ErrnoError when nobody hears it
 */
export function notifyServiceManager(socket: string, state: Readonly<Record<string, string>>): void {
  const libc = openLibc();
  const step = `telling the service manager at ${socket}`;
  const lines = Object.entries(state).map(([key, value]) => `${key}=${value.replaceAll('\n', ' ')}\n`);
  const fd = must(libc.unixDatagramSocket(), step);
  try {
    must(libc.sendTo(fd, namedAddress(socket), Buffer.from(lines.join(''))), step);
  } finally {
    libc.close(fd);
  }
}
