import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ServerProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly kubeconfig: string;
}

/** Starts the embedded API server alone in a process of its own, on an empty directory. */
export async function startApiServerProcess(): Promise<ServerProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mdev-bench-'));
  const child = fork(new URL('./api-server.ts', import.meta.url), [dataDir], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const [kubeconfig] = (await once(child, 'message')) as [string];
  return {
    child,
    kubeconfig,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await rm(dataDir, { recursive: true });
    },
  };
}
