/**
 * Points at which an agent dies that are not its own calls: around a write of an ownership record, and inside of the process that writes
 * into the kernel for it. Loaded into both by `--import` in NODE_OPTIONS, before anything else. Of devices without a point nothing changes.
 */
import fs, { existsSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';

export type DeathPoint =
  /** Around the agent's call to the provider that makes or removes the device, and the first that writes its object. */
  | { readonly in: 'provider' | 'api'; readonly at: 'before' | 'after' }
  /** Around the n-th write of the device's record, from 1 on. */
  | { readonly in: 'record'; readonly at: 'before' | 'after'; readonly call: number }
  | {
      readonly in: 'writer';
      /** Told what to do and not begun; holding the group; having the file open too; having written, and not yet answered. */
      readonly at: 'told' | 'claimed' | 'opened' | 'written';
      /** Stays there, when the agent is dead, until a file `released` is in its folder of marks. */
      readonly held?: boolean;
    };

/** What is to happen to one device. */
export interface Death {
  readonly name: string;
  readonly uuid: string;
  /** Gets a file `reached` when the agent is to die, as far as this device is concerned. */
  readonly marks: string;
  readonly die: DeathPoint;
}

const variable = 'DEATHS';

/** For this process, and the writers that it starts from now on. */
export function chooseDeaths(deaths: readonly Death[]): void {
  process.env[variable] = JSON.stringify(deaths);
}

function deathOf(text: string): Death | undefined {
  const deaths = JSON.parse(process.env[variable] ?? '[]') as Death[];
  return deaths.find(({ uuid }) => text.includes(uuid));
}

export function reached({ marks }: Death): void {
  writeFileSync(join(marks, 'reached'), '');
}

/** In the agent. Writes of records so far, by UUID. */
const writes = new Map<string, number>();

/** Whether the agent is to go no further with this file, which may be a record. */
function endsAt(path: string, at: 'before' | 'after'): boolean {
  const death = path.endsWith('.json') ? deathOf(path) : undefined;
  if (death?.die.in !== 'record') return false;
  if (at === 'before') writes.set(death.uuid, (writes.get(death.uuid) ?? 0) + 1);
  if (death.die.at !== at || death.die.call !== writes.get(death.uuid)) return false;
  reached(death);
  return true;
}

/** In a writer: what it was told last is about this one. */
let order: Death | undefined;
const agent = process.ppid;

/** In a writer: stays here, if this is the point, until the agent is dead, and longer if it is held. */
function stay(at: string): void {
  const death = order;
  if (death?.die.in !== 'writer' || death.die.at !== at) return;
  order = undefined;
  reached(death);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const released = join(death.marks, 'released');
  while (process.ppid === agent || (death.die.held === true && !existsSync(released))) Atomics.wait(pause, 0, 0, 20);
}

function installInAgent(): void {
  const { rename } = fs;
  const { unlink } = promises;
  const never = new Promise<never>(() => undefined);
  Object.assign(fs, {
    rename: (from: string, to: string, done: (error: Error | null) => void) => {
      if (endsAt(to, 'before')) return;
      rename(from, to, (error) => {
        if (!endsAt(to, 'after')) done(error);
      });
    },
  });
  Object.assign(promises, {
    unlink: async (path: string) => {
      if (endsAt(path, 'before')) return never;
      await unlink(path);
      return endsAt(path, 'after') ? never : undefined;
    },
  });
  syncBuiltinESMExports();
}

function installInWriter(): void {
  const { openSync, readSync, writeSync } = fs;
  let target: number | undefined;
  Object.assign(fs, {
    openSync: (path: string, flags: number) => {
      if (!/\/(create|remove)$/.test(path)) return openSync(path, flags);
      stay('claimed');
      target = openSync(path, flags);
      return target;
    },
    writeSync: (file: number, text: string) => {
      if (file !== target) return writeSync(file, text);
      stay('opened');
      const written = writeSync(file, text);
      stay('written');
      return written;
    },
  });
  // Its orders come by standard input.
  fs.readSync = ((file: number, buffer: Buffer) => {
    const length = readSync(file, buffer);
    if (file === 0) {
      order = deathOf(buffer.toString('utf8', 0, length));
      stay('told');
    }
    return length;
  }) as typeof readSync;
  syncBuiltinESMExports();
}

const program = basename(process.argv[1] ?? '', '.js');
if (program === 'mdev-writer') installInWriter();
else if (program === 'mortal-agent-process') installInAgent();
