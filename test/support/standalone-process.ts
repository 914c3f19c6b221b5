import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { operatorCommand, repository } from './operator-command.ts';

/** A `mdev-operator standalone` of a test: a real process on a data directory of its own. */
export interface StandaloneProcess {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly kubeconfig: string;
  readonly emulatorSocket: string;
  /** All that it has printed to standard error. */
  readonly log: () => string;
  /** Sends the signal and waits for the end; answers the exit status, or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
}

export async function temporaryDataDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'mdev-'));
}

/** With which rights a standalone is started; without any of it, with those of who starts it. */
export interface StartOptions extends Pick<SpawnOptions, 'uid' | 'gid' | 'env'> {
  /** A program with arguments that gets the standalone's command as more of them, and does it. */
  readonly through?: readonly string[];
}

/** Starts a standalone and waits until it says that it is ready. */
export async function startStandalone(
  dataDir: string,
  args: readonly string[] = [],
  { through = [], ...options }: StartOptions = {},
): Promise<StandaloneProcess> {
  const own = [...operatorCommand(), 'standalone', '--data-dir', dataDir, '--node-name', 'node-1', ...args];
  const [program = '', ...rest] = [...through, ...own];
  const child = spawn(program, rest, { ...options, stdio: ['ignore', 'pipe', 'pipe'], cwd: repository.pathname });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('is ready')) resolve();
    });
    exited.then(([code, signal]) => reject(new Error(`standalone ended before it was ready (${code ?? signal ?? ''}):\n${log}`)), reject);
  });
  return {
    child,
    dataDir,
    kubeconfig: join(dataDir, 'kubeconfig'),
    emulatorSocket: join(dataDir, 'emulator.sock'),
    log: () => log,
    async end(signal) {
      child.kill(signal);
      const [code, name] = await exited;
      return code ?? name ?? '';
    },
  };
}
