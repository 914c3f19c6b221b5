/**
 * The kernel's error numbers, as the emulated kernel and the providers answer them.
 * Source: include/uapi/asm-generic/errno-base.h and errno.h.
 */
export const errnoNumbers = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOTTY: 25,
  EFBIG: 27,
  ENOSPC: 28,
  ERANGE: 34,
  EUSERS: 87,
  EOPNOTSUPP: 95,
  ETIMEDOUT: 110,
} as const;

/** The name of an error number, e.g. `ENOSPC`. */
export type Errno = keyof typeof errnoNumbers;

/** Whether `value` names an error number of this table. */
export function isErrno(value: unknown): value is Errno {
  return typeof value === 'string' && Object.hasOwn(errnoNumbers, value);
}

/** A refusal as the kernel gives one: an errno, and for people a sentence about what was refused. */
export class ErrnoError extends Error {
  readonly code: Errno;

  constructor(code: Errno, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'ErrnoError';
    this.code = code;
  }

  /** The positive error number. */
  get errno(): number {
    return errnoNumbers[this.code];
  }
}
