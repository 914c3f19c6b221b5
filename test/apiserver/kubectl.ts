/** Runs the stock kubectl, the newest or a given version of those beside it. */
import { spawn } from 'node:child_process';
import { access, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

export interface KubectlRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlOptions {
  readonly kubeconfig: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Path of the binary; default `kubectl` of the PATH. */
  readonly binary?: string;
  /** Ends the run early, as ctrl-C would. */
  readonly signal?: AbortSignal;
  /** Is given each line of the output, when it is whole. */
  readonly onLine?: (line: string) => void;
}

/** Runs kubectl to its end. */
export async function kubectl(options: KubectlOptions): Promise<KubectlRun> {
  const child = spawn(options.binary ?? 'kubectl', [...options.args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: dirname(options.kubeconfig), KUBECONFIG: options.kubeconfig, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stop = (): void => {
    child.kill('SIGINT');
  };
  options.signal?.addEventListener('abort', stop, { once: true });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  if (options.onLine !== undefined) createInterface({ input: child.stdout }).on('line', options.onLine);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(options.stdin ?? '');
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => {
      resolve(exit ?? -1);
    });
  });
  options.signal?.removeEventListener('abort', stop);
  return { code, stdout, stderr };
}

/** The path of `kubectl.<version>` beside the kubectl of the PATH; undefined when this machine has none. */
export async function olderKubectl(version: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    try {
      const found = join(dirname(await realpath(join(folder, 'kubectl'))), `kubectl.${version}`);
      await access(found);
      return found;
    } catch {
      continue; // not in this folder
    }
  }
  return undefined;
}
