import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A QEMU of a test, with a folder for its sockets. Disposing it ends it. */
export class QemuProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly folder: string;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  #errors = '';

  constructor(child: ChildProcess, folder: string) {
    this.child = child;
    this.folder = folder;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    this.ended = once(child, 'exit').then(() => undefined);
    // A test that dies leaves none behind.
    const kill = (): boolean => child.kill('SIGKILL');
    process.once('exit', kill);
    void this.ended.then(() => process.removeListener('exit', kill));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What it has written to standard error. */
  get errors(): string {
    return this.#errors;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface QemuInit {
  readonly program: string;
  /** Given the folder for sockets. */
  readonly args: (folder: string) => readonly string[];
  /** As a shell has it: text that a command printed to be pasted. */
  readonly pasted?: string;
  /** What QEMU is run by, such as prlimit with its arguments. */
  readonly prefix?: readonly string[];
}

/** Starts a QEMU by a shell that is replaced by it, so that its arguments can be pasted ones. */
export async function startQemu({ program, args, pasted = '', prefix = [] }: QemuInit): Promise<QemuProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'mdev-qemu-'));
  const command = `exec "$@" ${pasted}`;
  const child = spawn(
    'sh',
    ['-c', command, 'sh', ...prefix, program, '-nodefaults', '-no-user-config', '-display', 'none', ...args(folder)],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  return new QemuProcess(child, folder);
}
