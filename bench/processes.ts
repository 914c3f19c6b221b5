import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
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

/** Resident memory of a process in KiB, the smallest of a few looks after it was told to collect garbage. */
export async function residentKiB(pid: number): Promise<number> {
  const looks: number[] = [];
  for (let look = 0; look < 6; look++) {
    // collect-on-signal.ts is loaded there.
    process.kill(pid, 'SIGUSR2');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    looks.push(Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]));
  }
  return Math.min(...looks);
}
