/** The emulator, an agent and a controller as processes, each with its own service account's rights in a real cluster. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { kubectlOk } from '../support/kubectl.ts';
import { repository } from '../support/operator-command.ts';

export interface OperatorProcesses extends AsyncDisposable {
  /** What agent and controller have logged. */
  log(): string;
  /** Ends one process and waits for it. */
  end(role: Role, signal: NodeJS.Signals): Promise<void>;
  /** Sends a signal to a process that goes on: SIGSTOP, SIGCONT. */
  signal(role: Role, signal: NodeJS.Signals): void;
  /** Starts it anew with the same arguments. */
  start(role: Role): void;
  /** Processes that were not told to end, but have. */
  lost(): readonly Role[];
}

export type Role = 'emulator' | 'agent' | 'controller';

/** Deploys the service accounts and rights of deploy/ (nothing runs the pods there) and starts the processes with them. */
export async function startOperator(admin: string, node: string, agentFlags: readonly string[] = []): Promise<OperatorProcesses> {
  const directory = await mkdtemp(join(tmpdir(), 'mdev-operator-'));
  await kubectlOk(admin, ['apply', '--server-side', '--kustomize', new URL('deploy/base', repository).pathname]);
  const socket = join(directory, 'emulator.sock');
  const args: Record<Role, readonly string[]> = {
    emulator: ['emulator', '--socket', socket],
    agent: [
      ...['agent', '--kubeconfig', await kubeconfigOf(admin, directory, 'mdev-agent'), '--node-name', node],
      ...['--emulator', socket, '--data-dir', join(directory, 'agent'), ...agentFlags],
    ],
    controller: ['controller', '--kubeconfig', await kubeconfigOf(admin, directory, 'mdev-controller')],
  };
  let log = '';
  const processes = new Map<Role, { child: ChildProcess; exited: Promise<unknown> }>();
  const start = (role: Role): void => {
    const main = new URL('src/main.ts', repository).pathname;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args[role]], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: directory,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (log += text.replace(/^/gm, `${role}: `)));
    }
    processes.set(role, { child, exited: once(child, 'exit') });
  };
  const end = async (role: Role, signal: NodeJS.Signals): Promise<void> => {
    const running = processes.get(role);
    processes.delete(role);
    running?.child.kill(signal);
    await running?.exited;
  };
  start('emulator');
  start('agent');
  start('controller');
  return {
    log: () => log,
    start,
    end,
    signal: (role, signal) => void processes.get(role)?.child.kill(signal),
    lost: () => [...processes].filter(([, { child }]) => child.exitCode !== null || child.signalCode !== null).map(([role]) => role),
    [Symbol.asyncDispose]: async () => {
      await end('controller', 'SIGTERM');
      await end('agent', 'SIGTERM');
      await end('emulator', 'SIGTERM');
      await rm(directory, { recursive: true });
    },
  };
}

interface Kubeconfig {
  users: { name: string; user: object }[];
}

async function kubeconfigOf(admin: string, directory: string, account: string): Promise<string> {
  const token = (await kubectlOk(admin, ['create', 'token', account, '--namespace', 'mdev-system', '--duration=1h'])).trim();
  const config = parse(await readFile(admin, 'utf8')) as Kubeconfig;
  const path = join(directory, `${account}.kubeconfig`);
  await writeFile(path, stringify({ ...config, users: config.users.map(({ name }) => ({ name, user: { token } })) }), { mode: 0o600 });
  return path;
}
