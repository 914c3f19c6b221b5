/**
 * The SQLite file: the only durable state of the API server. Runs inside the worker thread of database-worker.ts,
 * because node:sqlite is synchronous and an fsync may take many milliseconds.
 * Guarantee: when `append` returns, the rows survive kill -9 and, disk permitting, power loss (WAL, synchronous=FULL).
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** One object as a row; `json` is its text in storage form. */
export interface StoredRow {
  readonly storage: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  /** The schema the text was written under; see Codec.tag. */
  readonly tag: string;
  readonly json: string;
}

/** One change; without `json` the object goes. */
export interface RowChange {
  readonly storage: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly tag: string;
  readonly json: string | undefined;
}

/** What a database file held when it was opened. */
export interface LoadedRows {
  /** The newest revision that was ever made durable. */
  readonly revision: number;
  readonly rows: StoredRow[];
}

export interface Database {
  load(): LoadedRows;
  /** Writes all changes in one transaction; throws, with nothing written, when the disk refuses. */
  append(changes: readonly RowChange[]): void;
  close(): void;
}

/** The version of the tables below, kept in the file. */
const layout = 1;

/** What openDatabase needs; `maxPages` (of 4 KiB) bounds the file, so that a test can fill the disk. */
export interface DatabaseOptions {
  readonly path: string;
  readonly maxPages?: number | undefined;
}

/**
 * Opens or creates the file and locks it for this process until closed.
 * @throws Error when another process holds it, or the file is not ours.
 */
export function openDatabase(options: DatabaseOptions): Database {
  // Made first, so that it and the files SQLite puts beside it are for the owner only.
  closeSync(openSync(options.path, 'a', 0o600));
  const database = new DatabaseSync(options.path);
  try {
    // The exclusive lock keeps a second server off the same directory; the kernel drops it with the process.
    database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216');
    if (options.maxPages !== undefined) database.exec(`PRAGMA max_page_count=${options.maxPages}`);
    refuseNewer(database);
    database.exec(`
      BEGIN IMMEDIATE;
      CREATE TABLE IF NOT EXISTS objects (
        storage TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
        revision INTEGER NOT NULL, tag TEXT NOT NULL, json TEXT NOT NULL,
        PRIMARY KEY (storage, namespace, name)
      ) STRICT;
      CREATE TABLE IF NOT EXISTS revision (only INTEGER PRIMARY KEY CHECK (only = 1), value INTEGER NOT NULL) STRICT;
      INSERT OR IGNORE INTO revision VALUES (1, 1);
      PRAGMA user_version = ${layout};
      COMMIT;
    `);
  } catch (error) {
    database.close();
    throw new Error(`Cannot open the database ${options.path} (does another API server run on this data directory?)`, { cause: error });
  }
  const upsert = database.prepare(
    'INSERT INTO objects (storage, namespace, name, revision, tag, json) VALUES (?, ?, ?, ?, ?, ?) ' +
      'ON CONFLICT DO UPDATE SET revision = excluded.revision, tag = excluded.tag, json = excluded.json',
  );
  const remove = database.prepare('DELETE FROM objects WHERE storage = ? AND namespace = ? AND name = ?');
  const advance = database.prepare('UPDATE revision SET value = ?');
  return {
    load() {
      const revision = database.prepare('SELECT value FROM revision').get()?.['value'];
      if (typeof revision !== 'number') throw new Error(`Cannot read the revision from ${options.path}`);
      const rows = database.prepare('SELECT storage, namespace, name, revision, tag, json FROM objects').all();
      return { revision, rows: rows.map((row) => toStoredRow(row)) };
    },
    append(changes) {
      const last = changes.at(-1);
      if (last === undefined) return;
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const change of changes) {
          if (change.json === undefined) remove.run(change.storage, change.namespace, change.name);
          else upsert.run(change.storage, change.namespace, change.name, change.revision, change.tag, change.json);
        }
        advance.run(last.revision);
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close() {
      database.close();
    },
  };
}

/** Files of a later version of this program may hold what this one would lose. */
function refuseNewer(database: DatabaseSync): void {
  const found = database.prepare('PRAGMA user_version').get()?.['user_version'];
  if (typeof found === 'number' && found > layout) throw new Error(`its layout is version ${found}, and this program knows ${layout}`);
}

function toStoredRow(row: Record<string, unknown>): StoredRow {
  return {
    storage: String(row['storage']),
    namespace: String(row['namespace']),
    name: String(row['name']),
    revision: Number(row['revision']),
    tag: String(row['tag']),
    json: String(row['json']),
  };
}
