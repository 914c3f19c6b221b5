import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { kubectlOk } from '../support/kubectl.ts';
import { repository } from '../support/operator-command.ts';

interface Kubeconfig {
  users: { name: string; user: object }[];
}

/** Kubeconfigs, by role, with the rights that deploy/ gives it and no more. */
export interface RoleKubeconfigs {
  readonly agent: string;
  readonly controller: string;
}

/** Makes the service accounts and rights of deploy/ (nothing runs the pods there), and kubeconfigs for them in `directory`. */
export async function deployAccounts(admin: string, directory: string): Promise<RoleKubeconfigs> {
  await kubectlOk(admin, ['apply', '--server-side', '--kustomize', new URL('deploy/base', repository).pathname]);
  return {
    agent: await kubeconfigOf(admin, directory, 'mdev-agent'),
    controller: await kubeconfigOf(admin, directory, 'mdev-controller'),
  };
}

async function kubeconfigOf(admin: string, directory: string, account: string): Promise<string> {
  const token = (await kubectlOk(admin, ['create', 'token', account, '--namespace', 'mdev-system', '--duration=1h'])).trim();
  const config = parse(await readFile(admin, 'utf8')) as Kubeconfig;
  const path = join(directory, `${account}.kubeconfig`);
  await writeFile(path, stringify({ ...config, users: config.users.map(({ name }) => ({ name, user: { token } })) }), { mode: 0o600 });
  return path;
}
