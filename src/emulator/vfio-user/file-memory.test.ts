import { closeSync, ftruncateSync, readSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLibc, type Libc } from '../../lib/libc/libc.ts';
import { EventLoop } from '../../lib/libc/event-loop.ts';
import { openFileMemory, type FileMemory } from './file-memory.ts';
import { FileBudget, SharedFiles } from './shared-files.ts';

const page = 4096;

let libc: Libc;
let loop: EventLoop;
let files: SharedFiles;

beforeEach(() => {
  libc = openLibc();
  loop = new EventLoop(libc);
  files = new SharedFiles(libc, new FileBudget(2));
});
afterEach(() => {
  loop[Symbol.dispose]();
});

const range = { offset: BigInt(page), size: BigInt(2 * page), readable: true, writable: true };

/** Memory by a file, moved as is usual or as files of huge pages are. */
function memoryOf(fd: number, hugePage: bigint | undefined): FileMemory {
  return openFileMemory({ libc, loop, file: { ...files.take(fd, range), hugePage }, range, firstPfn: 100 });
}

describe.each([
  ['a file', undefined],
  ['a file of huge pages', BigInt(page)],
  ['a file of huge pages in which the mapping starts and ends somewhere', BigInt(4 * page)],
])('memory shared by %s', (_, hugePage) => {
  it('is read and written where the mapping starts', async () => {
    const fd = libc.memfd('ram', 4 * page);
    const memory = memoryOf(fd, hugePage);
    await memory.write(10, Buffer.from('over there'));
    const read = new Uint8Array(10);
    await memory.read(10, read);
    expect(Buffer.from(read).toString()).toBe('over there');
    const inFile = Buffer.alloc(10);
    readSync(fd, inFile, 0, 10, page + 10);
    expect(inFile.toString()).toBe('over there');
    memory.release();
  });

  it('answers EFAULT to a read where the file was made shorter', async () => {
    const fd = libc.memfd('ram', 4 * page);
    const memory = memoryOf(fd, hugePage);
    ftruncateSync(fd, page);
    await expect(memory.read(0, new Uint8Array(16))).rejects.toMatchObject({ code: 'EFAULT' });
    memory.release();
  });
});

describe('the files of a peer', () => {
  it('are kept once each, and closed with the last mapping of them', () => {
    const fd = libc.memfd('ram', 4 * page);
    const again = libc.memfd('other', 4 * page);
    const first = files.take(fd, range);
    const second = files.take(again, range);
    expect(second.fd).not.toBe(first.fd);
    // All peers together have as many as the budget.
    const third = libc.memfd('third', 4 * page);
    expect(() => files.take(third, range)).toThrow('EMFILE');
    first.release();
    first.release();
    expect(() => closeSync(fd)).toThrow('EBADF');
    files.take(third, range).release();
    second.release();
  });
});
