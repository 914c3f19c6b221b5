/** Offsets and bits of the registers that grid.md lays down. All are 32 bits wide. */

/** Of BAR 0. A 64-bit value takes two registers, the lower half first. */
export const gridRegister = {
  id: 0x000,
  version: 0x004,
  framebufferSize: 0x008,
  maxCopy: 0x00c,
  heads: 0x010,
  maxWidth: 0x014,
  maxHeight: 0x018,
  frameRateLimit: 0x01c,
  scratch: 0x020,
  interruptStatus: 0x040,
  interruptEnable: 0x044,
  source: 0x100,
  destination: 0x108,
  length: 0x110,
  flags: 0x118,
  doorbell: 0x120,
  status: 0x124,
  error: 0x128,
  release: 0x12c,
  copied: 0x130,
  pinnedPages: 0x134,
} as const;

/** Bytes of BAR 0. */
export const gridRegistersSize = 0x10000;

/**
 * 'MDG' in ASCII. Bits 24 to 28 must stay 0: Linux's nouveau reads this register of any NVIDIA display, takes them for the generation of a
 * chip, and lets go of one that it does not know.
 */
export const gridID = 0x0047444d;
export const gridVersion = 1;

export const gridInterrupt = { done: 1, error: 2 } as const;
export const gridFlag = { sourceIsFramebuffer: 1, destinationIsFramebuffer: 2 } as const;
export const gridStatus = { idle: 0, busy: 1, done: 2, error: 3 } as const;

/** Of the first page of the framebuffer's BAR. */
export const gridControl = { doorbell: 0x000, cursorX: 0x010, cursorY: 0x014, cursorEnable: 0x018 } as const;
