import { closeSync, openSync } from 'node:fs';
import { errnoOf } from '../lib/errno.ts';
import type { CliContext } from './context.ts';
import { dataDirPaths, dataDirRefusal } from './data-dir.ts';

/**
 * The kubeconfig of a standalone on this data directory, where the environment names no other.
 * @throws UsageError where there may be one that this user may not read
 */
export function ownKubeconfig({ env }: CliContext, dataDir: string): string | undefined {
  if (env['KUBECONFIG'] !== undefined) return undefined;
  const { kubeconfig } = dataDirPaths(dataDir);
  try {
    // access(2) passes over capabilities.
    closeSync(openSync(kubeconfig, 'r'));
    return kubeconfig;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw dataDirRefusal(dataDir, error);
  }
}
