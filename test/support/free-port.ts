import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

/**
 * A port of the loopback address that nobody has, such as for `--metrics-listen`. It is none of those that the kernel gives to outgoing
 * connections: whoever listens on it may end and start again, and a client's vain try must not have got the port meanwhile.
 */
export async function freePort(): Promise<number> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const first = Number(range.split(/\s+/)[0]);
  for (;;) {
    const port = randomInt(Math.min(10_000, first - 1000), first);
    const server = createServer().listen(port, '127.0.0.1');
    const failed = once(server, 'error').then(([error]) => error as NodeJS.ErrnoException);
    const error = await Promise.race([once(server, 'listening').then(() => undefined), failed]);
    if (error?.code === 'EADDRINUSE') continue;
    if (error !== undefined) throw error;
    server.close();
    await once(server, 'close');
    return port;
  }
}
