// The watches that the controller and the agents of a cluster hold, read and thrown away: `node watches.ts KUBECONFIG NODES`.
// Tells its parent when all are open. Ends with its parent.
import { clientFor } from '../../test/support/cluster-client.ts';
import type { Selection } from '../../src/kube/client.ts';
import { deviceResource, nodeResource, parentResource, type ResourceRef } from '../../src/kube/resource.ts';
import { follow } from './follow.ts';
import { nodeName } from './size.ts';

const [, , kubeconfig = '', nodes = '0'] = process.argv;
const signal = new AbortController().signal;

/** As each process holds its own, through a client of its own; resolves when they are open. */
async function hold(watches: readonly (readonly [ResourceRef, Selection])[]): Promise<void> {
  const client = clientFor(kubeconfig);
  for (const [resource, selection] of watches) {
    const { failed } = await follow(client, resource, selection, () => undefined, signal);
    failed.catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  }
}

process.once('disconnect', () => process.exit());
await hold([
  [nodeResource, {}],
  [parentResource, {}],
  [deviceResource, {}],
]);
for (let index = 0; index < Number(nodes); index++)
  await hold([
    [deviceResource, { fieldSelector: `status.allocation.nodeName=${nodeName(index)}` }],
    [parentResource, { fieldSelector: `spec.nodeName=${nodeName(index)}` }],
  ]);
process.send?.('open');
