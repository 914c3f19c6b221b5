import { execFile } from 'node:child_process';

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the stock kubectl (or `program`, another version of it) against `kubeconfig`; never throws for a refusal. */
export function kubectl(
  kubeconfig: string,
  args: readonly string[],
  options: { input?: string; program?: string; timeout?: number; env?: Record<string, string> } = {},
): Promise<KubectlResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      options.program ?? 'kubectl',
      args,
      { env: { ...process.env, ...options.env, KUBECONFIG: kubeconfig }, timeout: options.timeout ?? 30_000, maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number')
          reject(new Error(`kubectl ${args.join(' ')} did not run: ${error.message}`, { cause: error }));
        else resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
    child.stdin?.end(options.input ?? '');
  });
}

/** As `kubectl`, but a refusal is an error. Answers standard output. */
export async function kubectlOk(kubeconfig: string, args: readonly string[], options: Parameters<typeof kubectl>[2] = {}): Promise<string> {
  const result = await kubectl(kubeconfig, args, options);
  if (result.code !== 0) throw new Error(`kubectl ${args.join(' ')} failed (${result.code}): ${result.stderr}`);
  return result.stdout;
}
