import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient, KubeObject } from '../../src/kube/client.ts';
import { deviceResource } from '../../src/kube/resource.ts';
import { clientFor, waitForObjects } from '../../test/support/cluster-client.ts';
import { kubectlOk } from '../../test/support/kubectl.ts';
import { startStandalone, temporaryDataDir, type StandaloneProcess } from '../../test/support/standalone-process.ts';
import { compareInRounds, type BenchResult } from '../result.ts';

const count = 20;
const rounds = 5;
const patience = 300_000;
/** A parent as the guest has one. */
const profile = new URL('../../profiles/mtty.yaml', import.meta.url).pathname;

/**
 * `kernel.apply`: from the start of `kubectl apply -f`, of one file with 20 devices, until the last is Ready by a watch. Its peer is the same
 * operator in the same guest with the emulated kernel, whose creates take next to no time: what is more is what the real kernel costs.
 */
export async function apply(): Promise<readonly BenchResult[]> {
  const file = join(mkdtempSync(join(tmpdir(), 'mdev-')), 'devices.json');
  writeFileSync(file, JSON.stringify(manifests()));
  const [real, emulated] = await Promise.all([
    startStandalone(await temporaryDataDir(), ['--provider', 'sysfs']),
    startStandalone(await temporaryDataDir(), ['--profile', profile]),
  ]);
  const times = { real: [] as number[], emulated: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const turns = round % 2 === 0 ? (['real', 'emulated'] as const) : (['emulated', 'real'] as const);
    for (const who of turns) {
      const time = await timeToReady(who === 'real' ? real : emulated, file);
      // The first round warms up.
      if (round > 0) times[who].push(time);
    }
  }
  for (const operator of [real, emulated]) await operator.end('SIGTERM');
  return [compareInRounds('kernel.apply', times.real, 'ms', times.emulated, 1.5)];
}

function manifests(): object {
  const items = Array.from({ length: count }, (_, index) => ({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: { name: `device-${index}`, namespace: 'default' },
    spec: { type: { id: 'mtty-1' } },
  }));
  return { apiVersion: 'v1', kind: 'List', items };
}

/** Applies the file and waits; then deletes what it made. ms */
async function timeToReady({ kubeconfig }: StandaloneProcess, file: string): Promise<number> {
  const client = clientFor(kubeconfig);
  const begin = performance.now();
  const applied = kubectlOk(kubeconfig, ['apply', '-f', file], { timeout: patience });
  await waitForObjects(client, deviceResource, (objects) => objects.size === count && [...objects.values()].every(isReady), patience);
  const time = performance.now() - begin;
  await applied;
  await deleteAll(client);
  await client.close();
  return time;
}

function isReady({ status }: KubeObject): boolean {
  const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True');
}

async function deleteAll(client: KubeClient): Promise<void> {
  const signal = AbortSignal.timeout(patience);
  for (let index = 0; index < count; index++)
    await client.delete(deviceResource, { namespace: 'default', name: `device-${index}` }, {}, signal);
  await waitForObjects(client, deviceResource, (objects) => objects.size === 0, patience);
}
