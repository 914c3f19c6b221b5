import { createDryRun } from '../../test/cluster/create-dry-run.ts';
import { RawClient } from '../../test/cluster/raw-client.ts';
import { kubectlOk } from '../../test/support/kubectl.ts';
import { repository } from '../../test/support/operator-command.ts';
import { compareInRounds, median, type BenchResult } from '../result.ts';
import { startRealCluster, type RealCluster } from './real-cluster.ts';
import { namespace } from './side.ts';

const policy = new URL('deploy/base/class-policy.yaml', repository).pathname;
const counts = [1, 10, 100] as const;
const goals = { 10: 1.25, 100: 2.5 } as const;
const rounds = 5;
const creates = 100;

/** What admission of a new device takes where there are many classes, of which the device names one, beside that where there is that one only. */
export async function classes(bin: string): Promise<readonly BenchResult[]> {
  await using cluster = await startRealCluster(bin);
  const client = await RawClient.fromKubeconfig(cluster.kubeconfig);
  await kubectlOk(cluster.kubeconfig, ['apply', '--server-side', '-f', policy]);
  const times = new Map<number, number[]>(counts.map((count) => [count, []]));
  // The first round is to warm up.
  for (let round = 0; round <= rounds; round++) {
    for (const [count, samples] of times) {
      await haveClasses(cluster, client, count);
      const time = await timeOfCreate(client);
      if (round > 0) samples.push(time);
    }
  }
  client.close();
  const of = (count: number): number[] => times.get(count) ?? [];
  return ([10, 100] as const).map((count) => compareInRounds(`cluster.classes.${count}`, of(count), 'ms', of(1), goals[count]));
}

/** The classes `class-1` to `class-<count>`, and no others, as admission sees them, too. */
async function haveClasses({ kubeconfig }: RealCluster, client: RawClient, count: number): Promise<void> {
  await kubectlOk(kubeconfig, ['delete', 'mdevclasses', '--all']);
  while ((await statusOfCreate(client, { className: 'last' })) === 403) continue;
  const made = Array.from({ length: count }, (_, index) => classOf(`class-${index + 1}`, [{ id: 'mtty-*' }, { name: 'GRID *' }]));
  const items = [...made, classOf('last', [])];
  await kubectlOk(kubeconfig, ['create', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  // Admission's own watch tells of the last one last.
  while ((await statusOfCreate(client, { className: 'last' })) !== 403) continue;
}

function classOf(name: string, types: readonly object[]): object {
  const spec = { namespaces: { names: ['default', 'team-*'] }, types, attributes: [{ name: 'vendor/*', values: ['1', 'a*'] }] };
  return { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevClass', metadata: { name }, spec };
}

/** The middle one of many creates that keep nothing, ms. */
async function timeOfCreate(client: RawClient): Promise<number> {
  const samples: number[] = [];
  for (let index = 0; index < creates; index++) {
    const begin = performance.now();
    const status = await statusOfCreate(client, { className: 'class-1', attributes: [{ name: 'vendor/x', value: 'abc' }] });
    samples.push(performance.now() - begin);
    if (status !== 201) throw new Error(`Creating a device that its class allows answered ${status}`);
  }
  return median(samples);
}

async function statusOfCreate(client: RawClient, spec: object): Promise<number> {
  const metadata = { name: 'x', namespace };
  const device = { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice', metadata, spec: { type: { id: 'mtty-1' }, ...spec } };
  return (await createDryRun(client, device)).status;
}
