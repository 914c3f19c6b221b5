import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkSocketPath, longestSocketPath } from './socket-path.ts';
import { UsageError } from './usage-error.ts';

/** The longest name of a device's socket: a UUID, and the port of a serial device. */
const longestName = `${'0'.repeat(36)}.port0`;

export interface RunDirInit {
  /** What the user asked for. */
  readonly given: string | undefined;
  /** The folder that has the emulator's own socket. */
  readonly beside: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's ID. */
  readonly uid: number;
}

/**
 * The folder of the devices' sockets, absolute: the one asked for, else `vfio-user` beside the emulator's socket. Where that would make a
 * path too long for a UNIX socket, it is a folder with a short path that is always the same for this place.
 * @throws UsageError if the path asked for is too long
 */
export function runDirPath({ given, beside, env, uid }: RunDirInit): string {
  if (given !== undefined) {
    const path = resolve(given);
    checkSocketPath('--run-dir', join(path, longestName));
    return path;
  }
  const path = resolve(beside, 'vfio-user');
  if (Buffer.byteLength(join(path, longestName)) <= longestSocketPath) return path;
  const base = env['XDG_RUNTIME_DIR'] ?? (uid === 0 ? '/run' : '/tmp');
  const place = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return join(base, `mdev-operator-${uid}-${place}`);
}

/** Makes the folder, 0700, or finds it as its owner made it. @throws UsageError if it is not this user's own */
export async function makeRunDir(path: string, uid: number): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o022) !== 0)
    throw new UsageError(`--run-dir: ${path} must be a folder that only its owner, user ${uid}, can write to`);
}
