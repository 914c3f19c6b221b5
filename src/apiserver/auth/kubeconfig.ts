/** The kubeconfig file that makes kubectl the administrator of this server. */
import { stringify } from 'yaml';
import type { Credentials } from './credentials.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The text of a kubeconfig for `url`, with everything inside it. */
export function kubeconfigText(url: string, credentials: Credentials): string {
  const name = 'mdev-operator';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': base64(credentials.authority.certificate) } }],
    users: [
      {
        name: 'admin',
        user: { 'client-certificate-data': base64(credentials.admin.certificate), 'client-key-data': base64(credentials.admin.key) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: 'admin', namespace: 'default' } }],
    'current-context': name,
  });
}
