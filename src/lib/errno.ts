/**
 * The kernel's error numbers, as the emulated kernel and the providers answer them.
 * Source: include/uapi/asm-generic/errno-base.h and errno.h.
 */
export const errnoNumbers = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
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
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EPIPE: 32,
  ERANGE: 34,
  ENOSYS: 38,
  EPROTO: 71,
  EUSERS: 87,
  EMSGSIZE: 90,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  ESTALE: 116,
} as const;

/** The name of an error number, e.g. `ENOSPC`. */
export type Errno = keyof typeof errnoNumbers;

/** Whether `value` names an error number of this table. */
export function isErrno(value: unknown): value is Errno {
  return typeof value === 'string' && Object.hasOwn(errnoNumbers, value);
}

/** The name of a positive error number; undefined for one that this table does not have. */
export function errnoName(number: number): Errno | undefined {
  for (const [name, value] of Object.entries(errnoNumbers)) if (value === number) return name as Errno;
  return undefined;
}

/**
 * What an ErrnoError is, or an error of Node.js says in `errno`, negative as its own libraries have it: its `code` names only the numbers
 * that they know.
 */
export function errnoOf(error: unknown): Errno | undefined {
  if (error instanceof ErrnoError) return error.code;
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? errnoName(-error.errno) : undefined;
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
