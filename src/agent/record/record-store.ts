import { mkdir, readFile, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeviceUUID } from '../../api/device-uuid.ts';
import { DirectorySync, replaceFile, syncDirectory } from '../../lib/durable-file.ts';
import { recordSchema, type OwnershipRecord } from './record.ts';

/** An entry that could not be read and was set aside; its device is neither touched nor given to anybody until an administrator decides. */
export interface UnreadableRecord {
  readonly uuid: string;
  readonly path: string;
  /** Why; unknown for one that was set aside earlier. */
  readonly cause?: Error;
}

/** A record could not be written or taken off the disk; what it was to guard must not be done. */
export class RecordError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RecordError';
  }
}

/** What `perform` needs of the records. */
export interface RecordWriter {
  /**
   * Writes `record` in place of the older one of its UUID.
   * @param durable whether it must survive a power failure before this resolves; what is done to a device next needs that
   * @throws RecordError; the older record is then still in force
   */
  put(record: OwnershipRecord, durable: boolean): Promise<void>;
  /**
   * The record from now on; it is written soon, and before anything else of its UUID is. A process that is killed meanwhile, or a write that
   * fails, leaves the older one to the next agent: only for what that finds out by itself.
   */
  putSoon(record: OwnershipRecord): void;
  /** Forgets the device. @throws RecordError */
  remove(uuid: string): Promise<void>;
}

const suffix = '.json';
/** A file system gives space by blocks: of this size on most. Bytes. */
const trialSize = 4096;
const unreadableDirectory = 'unreadable';

function uuidOf(name: string): string | undefined {
  const uuid = name.slice(0, -suffix.length);
  return name.endsWith(suffix) && isDeviceUUID(uuid) ? uuid.toLowerCase() : undefined;
}

function parse(text: string, uuid: string): OwnershipRecord {
  const record = recordSchema.parse(JSON.parse(text));
  if (record.uuid !== uuid) throw new Error(`it is about ${record.uuid}`);
  return record;
}

/**
 * The ownership records of one node: which devices this agent has made, and how far each has come. One file a device below
 * the directory, read once and held in memory.
 * Guarantees: an entry is replaced as a whole or not at all; an unreadable entry is set aside, never taken for an empty one.
 * Assumptions: one process writes (the agent's lock), and one call a UUID at a time.
 */
export class RecordStore implements RecordWriter {
  readonly #directory: string;
  readonly #onWrite: (error: RecordError | undefined) => void;
  readonly #directorySync: DirectorySync;
  readonly #records = new Map<string, OwnershipRecord>();
  readonly #unreadable = new Map<string, UnreadableRecord>();
  readonly #byOwner = new Map<string, Set<string>>();
  /** Writes that nobody waits for, by UUID. */
  readonly #underWay = new Map<string, Promise<void>>();

  /** @param onWrite told of every write: it succeeded, or why not. May not throw. */
  constructor(directory: string, onWrite: (error: RecordError | undefined) => void = () => undefined) {
    this.#directory = directory;
    this.#onWrite = onWrite;
    this.#directorySync = new DirectorySync(directory);
  }

  /**
   * Makes the directory if it is missing and reads all entries. Resolves with the entries set aside, now or earlier.
   * @throws RecordError when the directory cannot be read
   */
  async load(): Promise<readonly UnreadableRecord[]> {
    try {
      await mkdir(join(this.#directory, unreadableDirectory), { recursive: true, mode: 0o700 });
      for (const name of await readdir(join(this.#directory, unreadableDirectory))) {
        const uuid = uuidOf(name);
        if (uuid !== undefined) this.#unreadable.set(uuid, { uuid, path: join(this.#directory, unreadableDirectory, name) });
      }
      for (const name of await readdir(this.#directory)) {
        const uuid = uuidOf(name);
        if (uuid !== undefined) await this.#loadOne(uuid, name);
        else if (name.endsWith('.tmp')) await rm(join(this.#directory, name), { force: true });
      }
    } catch (cause) {
      throw new RecordError(`Cannot read the ownership records in ${this.#directory}`, { cause });
    }
    return [...this.#unreadable.values()];
  }

  get(uuid: string): OwnershipRecord | undefined {
    return this.#records.get(uuid);
  }

  all(): OwnershipRecord[] {
    return [...this.#records.values()];
  }

  /** The records of objects of this namespace and name, whatever their UID. */
  ofOwner(namespace: string, name: string): OwnershipRecord[] {
    return [...(this.#byOwner.get(`${namespace}/${name}`) ?? [])].flatMap((uuid) => this.#records.get(uuid) ?? []);
  }

  unreadable(uuid: string): UnreadableRecord | undefined {
    return this.#unreadable.get(uuid);
  }

  async put(record: OwnershipRecord, durable: boolean): Promise<void> {
    await this.#underWay.get(record.uuid);
    await this.#write(record, durable);
    this.#hold(record);
  }

  putSoon(record: OwnershipRecord): void {
    const { uuid } = record;
    this.#hold(record);
    const written = (this.#underWay.get(uuid) ?? Promise.resolve())
      .then(() => this.#write(record, false))
      // Whoever wants to know of a failure is told by `onWrite`.
      .catch(() => undefined)
      .finally(() => {
        if (this.#underWay.get(uuid) === written) this.#underWay.delete(uuid);
      });
    this.#underWay.set(uuid, written);
  }

  /** Resolves when nothing is being written that nobody waits for. */
  async written(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  async #write(record: OwnershipRecord, durable: boolean): Promise<void> {
    try {
      await replaceFile(this.#path(record.uuid), `${JSON.stringify(record)}\n`, { mode: 0o600, durable, directory: this.#directorySync });
    } catch (cause) {
      const error = new RecordError(`Cannot write the ownership record of ${record.uuid}: ${(cause as Error).message}`, { cause });
      this.#onWrite(error);
      throw error;
    }
    this.#onWrite(undefined);
  }

  /**
   * Finds out whether a record could be written now, by writing something of a record's size beside them. `onWrite` is told.
   * Never rejects.
   */
  async tryWriting(): Promise<void> {
    // Its name ends as that of a record that was cut off: the next start sweeps up what a crash has left.
    const path = join(this.#directory, 'trial.tmp');
    try {
      await writeFile(path, Buffer.alloc(trialSize), { mode: 0o600, flush: true });
      await unlink(path);
      this.#onWrite(undefined);
    } catch (cause) {
      await rm(path, { force: true }).catch(() => undefined);
      this.#onWrite(new RecordError(`Cannot write into ${this.#directory}: ${(cause as Error).message}`, { cause }));
    }
  }

  async remove(uuid: string): Promise<void> {
    await this.#underWay.get(uuid);
    try {
      await unlink(this.#path(uuid));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
        this.#drop(uuid);
        return;
      }
      throw new RecordError(`Cannot remove the ownership record of ${uuid}: ${(cause as Error).message}`, { cause });
    }
    this.#drop(uuid);
  }

  /** Throws away an entry that was set aside: its device is foreign from then on. @throws RecordError */
  async discardUnreadable(uuid: string): Promise<void> {
    const entry = this.#unreadable.get(uuid);
    if (entry === undefined) return;
    try {
      await rm(entry.path, { force: true });
    } catch (cause) {
      throw new RecordError(`Cannot remove ${entry.path}`, { cause });
    }
    this.#unreadable.delete(uuid);
  }

  async #loadOne(uuid: string, name: string): Promise<void> {
    const path = join(this.#directory, name);
    const text = await readFile(path, 'utf8');
    try {
      this.#hold(parse(text, uuid));
    } catch (cause) {
      const aside = join(this.#directory, unreadableDirectory, name);
      await rename(path, aside);
      await syncDirectory(this.#directory);
      this.#unreadable.set(uuid, { uuid, path: aside, cause: cause as Error });
    }
  }

  #path(uuid: string): string {
    return join(this.#directory, `${uuid}${suffix}`);
  }

  #hold(record: OwnershipRecord): void {
    this.#drop(record.uuid);
    this.#records.set(record.uuid, record);
    const owner = `${record.object.namespace}/${record.object.name}`;
    const uuids = this.#byOwner.get(owner);
    if (uuids === undefined) this.#byOwner.set(owner, new Set([record.uuid]));
    else uuids.add(record.uuid);
  }

  #drop(uuid: string): void {
    const record = this.#records.get(uuid);
    if (record === undefined) return;
    this.#records.delete(uuid);
    const owner = `${record.object.namespace}/${record.object.name}`;
    const uuids = this.#byOwner.get(owner);
    uuids?.delete(uuid);
    if (uuids?.size === 0) this.#byOwner.delete(owner);
  }
}
