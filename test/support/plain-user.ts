import { execFile, spawnSync, type SpawnOptions } from 'node:child_process';
import { repository } from './operator-command.ts';

/** nobody and nogroup of most systems: an owner of nothing. */
const nobody = { uid: 65534, gid: 65534 } as const;

/** How a process of a user is started who is not root: as who runs this, or as nobody. */
export const plainUser: Pick<SpawnOptions, 'uid' | 'gid'> = process.getuid?.() === 0 ? nobody : {};

/** Whether that user can run this program: a repository below /root they cannot even look into. */
export function plainUserCanRun(): boolean {
  const probe = ['--disable-warning=ExperimentalWarning', new URL('src/main.ts', repository).pathname, 'version'];
  return spawnSync(process.execPath, probe, plainUser).status === 0;
}

/** Runs a program of this repository as a user who is not root, to its end. `program`: its path in the repository. */
export function runAsPlainUser(program: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = ['--disable-warning=ExperimentalWarning', new URL(program, repository).pathname, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { ...plainUser, env: { PATH: process.env['PATH'] } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
