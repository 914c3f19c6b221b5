import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubectl, type KubectlResult } from './kubectl.ts';
import { operatorCommand } from './operator-command.ts';

/** `kubectl mdev`, as the stock kubectl finds it: in $PATH. */
export interface MdevPlugin extends AsyncDisposable {
  /** $PATH with the plugin in it. */
  readonly path: string;
  run(kubeconfig: string, args: readonly string[], input?: string): Promise<KubectlResult>;
}

export async function installPlugin(): Promise<MdevPlugin> {
  const folder = await mkdtemp(join(tmpdir(), 'mdev-plugin-'));
  const command = operatorCommand().map((part) => part.replace(/main\.(js|ts)$/, 'kubectl-mdev.$1'));
  await writeFile(join(folder, 'kubectl-mdev'), `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`, { mode: 0o755 });
  const path = `${folder}:${process.env['PATH'] ?? ''}`;
  return {
    path,
    run: (kubeconfig, args, input = '') => kubectl(kubeconfig, ['mdev', ...args], { env: { PATH: path }, input }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
