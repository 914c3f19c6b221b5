import type { LibraryHandle } from 'koffi';
import koffi from 'koffi';
import { openSync } from 'node:fs';

/** Numbers of the system calls of linux/aio_abi.h; those of arm64 are everybody's who came later. */
const calls =
  process.arch === 'x64' ? ({ setup: 206, getevents: 208, submit: 209 } as const) : ({ setup: 0, submit: 2, getevents: 4 } as const);
/** struct iocb. */
const iocb = { opcode: 16, fd: 20, flags: 56, resfd: 60 } as const;
const pread = 0;
/** IOCB_FLAG_RESFD: the end of the operation is told to an eventfd. */
const tellEventfd = 1;

/**
 * How to signal an eventfd that somebody else has too. A write to it waits when the count is at its highest, and whether it may wait is
 * for the other one to say; to look first helps only against chance. The kernel's own way does not wait: an asynchronous operation
 * that ends at once, a read of nothing, has it tell the eventfd.
 * @param answer what a system call's result means
 * @param otherwise how it is done where there is no asynchronous I/O
 */
export function eventSignal(
  library: LibraryHandle,
  answer: (result: unknown) => number,
  otherwise: (eventfd: number) => number,
): (eventfd: number) => number {
  const setup = library.func('int64_t syscall(int64_t, unsigned int, void *)');
  const submit = library.func('int64_t syscall(int64_t, uint64_t, int64_t, void *)');
  const take = library.func('int64_t syscall(int64_t, uint64_t, int64_t, int64_t, void *, void *)');
  const context = new BigUint64Array(16);
  const operation = new DataView(new ArrayBuffer(128));
  const operationBytes = new Uint8Array(operation.buffer);
  const list = new BigUint64Array(16);
  const events = new Uint8Array(8 * 32);
  let ready: boolean | undefined;

  /** When the first is signalled. */
  const prepare = (): boolean => {
    if (answer(setup(calls.setup, 8, context)) !== 0) return false;
    operation.setUint16(iocb.opcode, pread, true);
    operation.setUint32(iocb.fd, openSync('/dev/null', 'r'), true);
    operation.setUint32(iocb.flags, tellEventfd, true);
    list[0] = koffi.address(operationBytes);
    return true;
  };

  return (eventfd) => {
    ready ??= prepare();
    if (!ready) return otherwise(eventfd);
    operation.setUint32(iocb.resfd, eventfd, true);
    const submitted = answer(submit(calls.submit, context[0], 1, list));
    // What has ended is taken, so that there is room for the next.
    take(calls.getevents, context[0], 0, 8, events, null);
    return submitted;
  };
}
