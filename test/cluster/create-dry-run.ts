import type { RawClient } from './raw-client.ts';

/** Has an MdevDevice created as far as validation and admission go, without keeping it. `message` is the refusal's, else empty. */
export async function createDryRun(client: RawClient, device: object): Promise<{ status: number; message: string }> {
  const { namespace = '' } = (device as { metadata: { namespace?: string } }).metadata;
  const path = `/apis/mediated.dev/v1alpha1/namespaces/${namespace}/mdevdevices?dryRun=All`;
  const headers = { 'content-type': 'application/json' };
  const answer = await client.request({ method: 'POST', path, headers, body: JSON.stringify(device) });
  const { message = '' } = JSON.parse(answer.body) as { message?: string };
  return { status: answer.status, message };
}
