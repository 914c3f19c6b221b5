import { fstatSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { ErrnoError } from '../../lib/errno.ts';
import type { Libc } from '../../lib/libc/libc.ts';

/** HUGETLBFS_MAGIC of linux/magic.h. */
const hugetlbfs = 0x958458f6;
/** O_ACCMODE and O_APPEND of fcntl.h. */
const accessMode = 3;
const append = 0o2000;
/** Different files that one connection may share. */
const mostOfOne = 1024;

/** What of a file is to be memory, in bytes, and for what. */
export interface FileRange {
  readonly offset: bigint;
  readonly size: bigint;
  readonly readable: boolean;
  readonly writable: boolean;
}

/** How many files all peers together may have shared: what one keeps open, the others cannot. */
export class FileBudget {
  readonly #most: number;
  #used = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws ErrnoError EMFILE */
  take(): void {
    if (this.#used >= this.#most) throw new ErrnoError('EMFILE', `${this.#used} files are shared with the devices already`);
    this.#used++;
  }

  give(): void {
    this.#used--;
  }
}

/** A file that a peer shares, once, however many mappings are of it. */
export interface SharedFile {
  readonly fd: number;
  /** Bytes of a page, of a file of huge pages: such files can be read, but written only where they are mapped, in whole pages. */
  readonly hugePage: bigint | undefined;
  /** One mapping less is of it. */
  release(): void;
}

/** How the bytes of a mapping are moved; `at` is from its start. Each answers how many were. */
export interface Bytes {
  read(part: Uint8Array, at: number): number;
  write(part: Uint8Array, at: number): number;
  close(): void;
}

interface Kept {
  readonly fd: number;
  readonly hugePage: bigint | undefined;
  uses: number;
}

/** The files that one connection shares. A file that is passed again, opened for the same, is not kept a second time. */
export class SharedFiles {
  readonly #libc: Libc;
  readonly #budget: FileBudget;
  readonly #kept = new Map<string, Kept>();

  constructor(libc: Libc, budget: FileBudget) {
    this.#libc = libc;
    this.#budget = budget;
  }

  /**
   * Takes over a file to be used as memory: a regular one (of tmpfs, hugetlbfs or a disk), as long as the mapping, opened for what the
   * mapping allows. Anything else might wait, or change other bytes than are meant.
   * @throws ErrnoError EINVAL it is no such file, too short, or opened to be appended to; EACCES it was not opened for that; EMFILE there
   * are too many. The file stays the caller's then.
   */
  take(fd: number, range: FileRange): SharedFile {
    const stat = fstatSync(fd, { bigint: true });
    const flags = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0', 8);
    if (!stat.isFile()) throw new ErrnoError('EINVAL', `${readlinkSync(`/proc/self/fd/${fd}`)} is no file that can be mapped`);
    checkRange(stat.size, flags, range);
    const key = `${stat.dev} ${stat.ino} ${flags & accessMode}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#libc.close(fd);
      kept.uses++;
      return this.#share(key, kept);
    }
    if (this.#kept.size >= mostOfOne) throw new ErrnoError('EMFILE', `the client shares ${this.#kept.size} files already`);
    this.#budget.take();
    const isHuge = statfsSync(`/proc/self/fd/${fd}`).type === hugetlbfs;
    const added = { fd, hugePage: isHuge ? stat.blksize : undefined, uses: 1 };
    this.#kept.set(key, added);
    return this.#share(key, added);
  }

  #share(key: string, kept: Kept): SharedFile {
    let released = false;
    return {
      fd: kept.fd,
      hugePage: kept.hugePage,
      release: () => {
        if (released) return;
        released = true;
        if (--kept.uses > 0) return;
        this.#kept.delete(key);
        this.#libc.close(kept.fd);
        this.#budget.give();
      },
    };
  }
}

function checkRange(length: bigint, flags: number, { offset, size, readable, writable }: FileRange): void {
  if (offset + size > length) throw new ErrnoError('EINVAL', `the mapping ends at ${offset + size} of a file of ${length} bytes`);
  if (offset + size > Number.MAX_SAFE_INTEGER)
    throw new ErrnoError('EINVAL', `a mapping that ends at ${offset + size} of a file is too far`);
  if (writable && (flags & append) !== 0) throw new ErrnoError('EINVAL', 'the file was opened to be appended to');
  const mode = flags & accessMode;
  if ((readable && mode === 1) || (writable && mode === 0))
    throw new ErrnoError('EACCES', 'the file was not opened for what the mapping allows');
}
