import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../src/lib/clock.ts';
import { RemoteProvider } from '../../src/provider/remote/client.ts';
import { RemoteHostControl } from '../../src/provider/host/client.ts';
import { repository } from '../support/operator-command.ts';

const silent = pino({ level: 'silent' });

/** An emulator of a test: a process of its own with devices that were made on it. */
export class EmulatorProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly provider: RemoteProvider;
  readonly host: RemoteHostControl;
  constructor(child: ChildProcess, folder: string) {
    const socketPath = join(folder, 'emulator.sock');
    this.child = child;
    this.folder = folder;
    this.provider = new RemoteProvider({ socketPath, clock: systemClock, log: silent });
    this.host = new RemoteHostControl({ socketPath, clock: systemClock, log: silent });
  }

  /** What it has logged. */
  get log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }

  /** Makes a device; answers its vfio-user socket. */
  async create(parent: string, typeID: string, id: string): Promise<string> {
    const { socketPath } = await this.provider.create({ id, parent, typeID }, AbortSignal.timeout(10_000));
    if (socketPath === undefined) throw new Error(`Device ${id} has no socket`);
    return socketPath;
  }

  /** How many file descriptors it has. */
  async fds(): Promise<number> {
    return (await readdir(`/proc/${this.child.pid ?? 0}/fd`)).length;
  }

  /** Its resident memory in MiB. */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid ?? 0}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider.close();
    this.host.close();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGTERM');
      await once(this.child, 'exit');
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * Starts an emulator, whose devices have their sockets in `runDir` if it is given, and waits until it serves.
 * @param prefix what it is run by, such as prlimit with its arguments
 */
export async function startEmulator(profile: string, runDir?: string, prefix: readonly string[] = []): Promise<EmulatorProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'mdev-vu-'));
  const args = ['--disable-warning=ExperimentalWarning', new URL('src/main.ts', repository).pathname, 'emulator'];
  args.push('--socket', join(folder, 'emulator.sock'), '--log-level', 'debug');
  await writeFile(join(folder, 'profile.yaml'), profile);
  args.push('--profile', join(folder, 'profile.yaml'), ...(runDir === undefined ? [] : ['--run-dir', runDir]));
  // To a file: a test that waits in the kernel reads no pipe, and whoever writes to it would wait as well.
  const log = await open(join(folder, 'log'), 'a');
  const [program, ...programArgs] = [...prefix, process.execPath, ...args];
  const child = spawn(program ?? process.execPath, programArgs, { stdio: ['ignore', 'ignore', log.fd, 'ipc'] });
  await log.close();
  const emulator = new EmulatorProcess(child, folder);
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`The emulator ended at its start:\n${emulator.log}`))),
  ]);
  return emulator;
}

/** A UUID whose end is `number`. */
export function deviceID(number: number): string {
  return `aaaaaaaa-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}
