import { endianness } from 'node:os';
import { ErrnoError } from '../errno.ts';

/** AF_UNIX of socket.h. */
const afUnix = 1;
/** sizeof(sockaddr_un.sun_path) less the NUL at its end. */
export const maxSocketPath = 107;

/** A struct sockaddr_un. @throws ErrnoError EINVAL when the path is too long for one */
export function socketAddress(path: string): Uint8Array {
  const name = Buffer.from(path);
  if (name.length > maxSocketPath)
    throw new ErrnoError('EINVAL', `${path} has ${name.length} bytes, and the path of a UNIX socket at most ${maxSocketPath}`);
  const address = new Uint8Array(2 + maxSocketPath + 1);
  new DataView(address.buffer).setUint16(0, afUnix, endianness() === 'LE');
  address.set(name, 2);
  return address;
}

/**
 * As `socketAddress`, and a name that begins with `@` is one of the abstract namespace (unix(7)), as systemd writes it: that has no NUL at its
 * end, so that the address's length tells where it ends.
 */
export function namedAddress(name: string): Uint8Array {
  const address = socketAddress(name);
  if (!name.startsWith('@')) return address;
  address[2] = 0;
  return address.subarray(0, 2 + Buffer.byteLength(name));
}

/** Where struct epoll_event has its data: it is packed on x86-64 only. */
export const epollEvent = process.arch === 'x64' ? ({ size: 12, data: 4 } as const) : ({ size: 16, data: 8 } as const);

/** struct msghdr of a 64-bit C library, in bytes. */
export const msghdr = { size: 56, iov: 16, iovlen: 24, control: 32, controllen: 40, flags: 48 } as const;

/** struct cmsghdr of a 64-bit C library: its length, level and type; file descriptors follow. */
export const cmsghdr = { size: 16, level: 8, type: 12 } as const;

/** AF_NETLINK of socket.h, and the protocol by which the kernel tells of its objects (linux/netlink.h). */
export const afNetlink = 16;
export const netlinkKobjectUevent = 15;

/** sizeof(struct sockaddr_nl). */
export const netlinkAddressBytes = 12;

/** A struct sockaddr_nl of these groups, whose port the kernel chooses. Longer than the struct, so that it is not moved. */
export function netlinkAddress(groups: number): Uint8Array {
  const address = new DataView(new ArrayBuffer(128));
  const little = endianness() === 'LE';
  address.setUint16(0, afNetlink, little);
  address.setUint32(8, groups, little);
  return new Uint8Array(address.buffer);
}
