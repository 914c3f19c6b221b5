import { mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errnoOf } from '../lib/errno.ts';
import { UsageError } from './usage-error.ts';

/** What lies where below `--data-dir`; the directory and all in it is for this user only. */
export interface DataDir {
  readonly root: string;
  readonly kubeconfig: string;
  /** Held by the standalone that runs on this directory. */
  readonly lock: string;
  readonly apiServer: string;
  readonly agent: string;
  readonly emulatorSocket: string;
  readonly emulatorLog: string;
}

/** The paths below `dataDir`, absolute. */
export function dataDirPaths(dataDir: string): DataDir {
  const root = resolve(dataDir);
  return {
    root,
    kubeconfig: join(root, 'kubeconfig'),
    lock: join(root, 'lock'),
    apiServer: join(root, 'apiserver'),
    agent: join(root, 'agent'),
    emulatorSocket: join(root, 'emulator.sock'),
    emulatorLog: join(root, 'emulator.log'),
  };
}

/** Does what reads or writes below the data directory. @throws UsageError where this user may not */
export async function inDataDir<T>(root: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw dataDirRefusal(root, error);
  }
}

/**
 * Makes the data directory, and `below` in it. Whether this user may use it is tried: access(2) passes over capabilities.
 * @throws UsageError where this user may not
 */
export async function makeDataDir(root: string, below = root): Promise<void> {
  await inDataDir(root, async () => {
    await mkdir(below, { recursive: true, mode: 0o700 });
    await rmdir(await mkdtemp(join(root, '.tried-')));
  });
}

/** For people, if `error` says that this user may not use the data directory; else `error`. */
export function dataDirRefusal(root: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return error;
  const advice = 'its owner alone may: run this as that user (root, where the real kernel is managed), or name another directory';
  return new UsageError(`--data-dir: this user may not use ${resolve(root)}; ${advice} (${(error as Error).message})`, { cause: error });
}
