import { DatabaseSync } from 'node:sqlite';

/** An exclusive lock that is held until it is disposed of or the process ends, however it ends. */
export interface Lock extends Disposable {
  readonly path: string;
}

/** SQLITE_BUSY of sqlite3.h. */
const busy = 5;

/**
 * Takes the lock at `path`, a file of its own that is made if missing. Answers undefined when another process, or this one, holds it.
 * Node.js has no file locks of its own; SQLite's exclusive transaction is one, which the kernel drops with the process.
 * @throws Error when the file cannot be opened or made
 */
export function tryLock(path: string): Lock | undefined {
  const database = new DatabaseSync(path, { timeout: 0, open: false });
  try {
    database.open();
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    if (database.isOpen) database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return undefined;
    throw new Error(`Cannot lock ${path}`, { cause: error });
  }
  return {
    path,
    [Symbol.dispose]: () => {
      if (database.isOpen) database.close();
    },
  };
}
