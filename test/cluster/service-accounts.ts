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
  /** For the agent of one node: its token is bound to a pod there, as the kubelet has it made, and so to the node. */
  agentOf(node: string): Promise<string>;
  readonly controller: string;
}

const namespace = 'mdev-system';

/** Makes the service accounts and rights of deploy/ (nothing runs the pods there), and kubeconfigs for them in `directory`. */
export async function deployAccounts(admin: string, directory: string): Promise<RoleKubeconfigs> {
  await kubectlOk(admin, ['apply', '--server-side', '--kustomize', new URL('deploy/base', repository).pathname]);
  return {
    agentOf: async (node) => {
      const name = `mdev-agent-${node}`;
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace },
        spec: { serviceAccountName: 'mdev-agent', nodeName: node, containers: [{ name: 'agent', image: 'mdev-operator' }] },
      };
      await kubectlOk(admin, ['apply', '--server-side', '--filename', '-'], { input: JSON.stringify(pod) });
      return kubeconfigOf(admin, join(directory, `${name}.kubeconfig`), 'mdev-agent', [
        '--bound-object-kind=Pod',
        `--bound-object-name=${name}`,
      ]);
    },
    controller: await kubeconfigOf(admin, join(directory, 'mdev-controller.kubeconfig'), 'mdev-controller'),
  };
}

/** Writes a kubeconfig with a new token of `account` to `path`. */
export async function kubeconfigOf(admin: string, path: string, account: string, bound: readonly string[] = []): Promise<string> {
  const token = (await kubectlOk(admin, ['create', 'token', account, '--namespace', namespace, '--duration=1h', ...bound])).trim();
  const config = parse(await readFile(admin, 'utf8')) as Kubeconfig;
  await writeFile(path, stringify({ ...config, users: config.users.map(({ name }) => ({ name, user: { token } })) }), { mode: 0o600 });
  return path;
}
