/** The emulator, an agent and a controller as processes, each with its own service account's rights in a real cluster. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperatorProcess } from './operator-process.ts';
import { deployAccounts } from './service-accounts.ts';

export interface OperatorProcesses extends AsyncDisposable {
  /** What all of them have logged. */
  log(): string;
  /** Ends one process and waits for it. */
  end(role: Role, signal: NodeJS.Signals): Promise<void>;
  /** It runs no more until it is thawed. */
  freeze(role: Role): void;
  thaw(role: Role): void;
  /** Starts it anew with the same arguments. */
  start(role: Role): void;
  /** Processes that were not told to end, but have. */
  lost(): readonly Role[];
}

export type Role = 'emulator' | 'agent' | 'controller';

/** Starts them, with the rights of deploy/. */
export async function startOperator(admin: string, node: string, agentFlags: readonly string[] = []): Promise<OperatorProcesses> {
  const directory = await mkdtemp(join(tmpdir(), 'mdev-operator-'));
  const kubeconfigs = await deployAccounts(admin, directory);
  const socket = join(directory, 'emulator.sock');
  const agent = ['agent', '--kubeconfig', await kubeconfigs.agentOf(node), '--node-name', node, '--emulator', socket];
  const processes: Record<Role, OperatorProcess> = {
    emulator: new OperatorProcess('emulator', directory, ['emulator', '--socket', socket]),
    agent: new OperatorProcess('agent', directory, [...agent, '--data-dir', join(directory, 'agent'), ...agentFlags]),
    controller: new OperatorProcess('controller', directory, ['controller', '--kubeconfig', kubeconfigs.controller]),
  };
  const roles: readonly Role[] = ['emulator', 'agent', 'controller'];
  for (const role of roles) processes[role].start();
  return {
    log: () => roles.map((role) => processes[role].log().replace(/^(?=.)/gm, `${role}: `)).join(''),
    start: (role) => processes[role].start(),
    end: (role, signal) => processes[role].end(signal),
    freeze: (role) => processes[role].freeze(),
    thaw: (role) => processes[role].thaw(),
    lost: () => roles.filter((role) => processes[role].lost),
    [Symbol.asyncDispose]: async () => {
      for (const role of roles.toReversed()) await processes[role].end('SIGTERM');
      await rm(directory, { recursive: true });
    },
  };
}
