/** How messages look: docs/interop/vfio-user.rst of QEMU. Numbers are in the byte order of the host, little-endian here. */

export const headerBytes = 16;
/** The most data of one read or write, either way. */
export const maxTransfer = 1024 * 1024;
/** No command is longer: a write of as much data as there may be, with its header. */
export const maxMessage = headerBytes + 16 + maxTransfer;
/** File descriptors of one message. */
export const maxMessageFds = 16;
export const maxMappings = 65_535;

export const commands = {
  version: 1,
  dmaMap: 2,
  dmaUnmap: 3,
  getInfo: 4,
  getRegionInfo: 5,
  getRegionIOFds: 6,
  getIRQInfo: 7,
  setIRQs: 8,
  regionRead: 9,
  regionWrite: 10,
  dmaRead: 11,
  dmaWrite: 12,
  reset: 13,
  regionWriteMulti: 15,
} as const;

/** The header's flags: bits 0 to 3 are what kind of message it is. */
export const flags = { kind: 0xf, command: 0, reply: 1, noReply: 0x10, error: 0x20 } as const;

/** Where each part of the header is. */
export const header = { id: 0, command: 2, size: 4, flags: 8, errno: 12 } as const;
