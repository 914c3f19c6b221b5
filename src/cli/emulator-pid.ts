import { readFile } from 'node:fs/promises';

/** Where an emulator leaves its process id, for the standalone that finds it again and shall end it. */
export function emulatorPidFile(socketPath: string): string {
  return `${socketPath}.pid`;
}

/**
 * The process that serves `socketPath`, undefined if that cannot be told. The number in the file is believed only if that
 * process was started for this socket: it may be an old one that the kernel has given to another process since.
 */
export async function emulatorPid(socketPath: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(emulatorPidFile(socketPath), 'utf8'));
    if (!Number.isInteger(pid) || pid < 2) return undefined;
    const commandLine = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    return commandLine.includes('emulator') && commandLine.includes(socketPath) ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
