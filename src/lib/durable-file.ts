import { close, closeSync, fsync, open, openSync, rename, writeFile } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

// A file handle per write, as node:fs/promises makes, costs more than the write.
const write = promisify(writeFile);
const move = promisify(rename);
const openFile = promisify(open);
const sync = promisify(fsync);
const closeFile = promisify(close);

/** Makes the entries of a directory survive a power failure. */
export async function syncDirectory(path: string): Promise<void> {
  // At once: to open a directory reads no disk that was not read before, and another thread's turn takes longer.
  const directory = openSync(path, 'r');
  try {
    await sync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Syncs one directory for many writers at once: those who ask while a sync is under way share the next one. */
export class DirectorySync {
  readonly #path: string;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when a sync that began after this call is done. */
  sync(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const running = syncDirectory(this.#path).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}

export interface WriteOptions {
  /** Permission bits of the file. */
  readonly mode: number;
  /** Whether the content must survive a power failure before this returns; it always survives a killed process. */
  readonly durable: boolean;
  /** Syncs the file's directory; a sync of its own if left out. */
  readonly directory?: DirectorySync;
}

/**
 * Replaces the file at `path` in one step: a reader sees the old text or the new one, never a part.
 * Only one writer per path at a time. Nothing is left behind when it fails.
 */
export async function replaceFile(path: string, text: string, options: WriteOptions): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    if (options.durable) await replaceSynced(temporary, path, text, options.mode);
    else {
      await write(temporary, text, { mode: options.mode });
      await move(temporary, path);
    }
  } catch (error) {
    await rm(temporary, { force: true, recursive: true });
    throw error;
  }
  if (options.durable) await (options.directory?.sync() ?? syncDirectory(dirname(path)));
}

/** Nothing waits for the closing of a file whose content is on the disk. */
async function replaceSynced(temporary: string, path: string, text: string, mode: number): Promise<void> {
  const file = await openFile(temporary, 'w', mode);
  let moved: Promise<void> | undefined;
  try {
    await write(file, text);
    await sync(file);
    moved = move(temporary, path);
  } finally {
    await Promise.all([moved, closeFile(file)]);
  }
}
