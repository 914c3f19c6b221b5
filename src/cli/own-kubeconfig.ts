import { existsSync } from 'node:fs';
import type { CliContext } from './context.ts';
import { dataDirPaths } from './data-dir.ts';

/** The kubeconfig of a standalone on this data directory, where the environment names no other. */
export function ownKubeconfig({ env }: CliContext, dataDir: string): string | undefined {
  const { kubeconfig } = dataDirPaths(dataDir);
  return env['KUBECONFIG'] === undefined && existsSync(kubeconfig) ? kubeconfig : undefined;
}
