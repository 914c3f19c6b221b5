import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MdevDevice } from '../../src/api/mdev-device.ts';
import { deviceResource } from '../../src/kube/resource.ts';
import { Client } from '../vfio-user/client.ts';
import { startCopying } from '../vfio-user/copying.ts';
import { clientFor, listAll } from '../support/cluster-client.ts';
import { freePort } from '../support/free-port.ts';
import { kubectlOk } from '../support/kubectl.ts';
import { memlockPrefix } from '../support/memlock.ts';
import { startOperator, type Operator } from '../support/operator.ts';

const page = 4096;
const patient = { timeout: 10_000 };

let operator: Operator;
let metricsPort: number;

beforeAll(async () => {
  metricsPort = await freePort();
  operator = await startOperator(['--metrics-listen', `127.0.0.1:${metricsPort}`]);
});
afterAll(async () => {
  await operator[Symbol.asyncDispose]();
});

// A second try shall begin without what the first has made.
afterEach(async () => {
  await kubectlOk(operator.kubeconfig, ['delete', 'mdev', '--all']);
});

const vgpu = { type: { id: 'nvidia-11' } };
const socketOf = ({ status }: MdevDevice): string => status?.vfio?.socketPath ?? '';
const condition = ({ status }: MdevDevice, type: string): object | undefined => status?.conditions?.find((each) => each.type === type);

async function metric(name: string, device: string): Promise<{ readonly labels: string; readonly value: number } | undefined> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name}{`) && each.includes(`name="${device}"`));
  const [labels = '', value] = line?.split(' ') ?? [];
  return line === undefined ? undefined : { labels, value: Number(value) };
}

describe('a device that was applied', () => {
  it('has a socket that only its owner may open, and a command says how a QEMU attaches it', async () => {
    const device = await operator.apply('shown', vgpu);
    expect(socketOf(device)).toMatch(new RegExp(`/${device.status?.uuid ?? '?'}\\.sock$`));
    expect((await stat(socketOf(device))).mode & 0o777).toBe(0o600);
    expect(await operator.qemuArgument('shown')).toBe(
      `-device '{"driver":"vfio-user-pci","socket":{"type":"unix","path":"${socketOf(device)}"}}'`,
    );
    expect(await kubectlOk(operator.kubeconfig, ['describe', 'mdev', 'shown'])).toContain(socketOf(device));
    await kubectlOk(operator.kubeconfig, ['delete', 'mdev', 'shown']);
    expect(existsSync(socketOf(device))).toBe(false);
  });

  it('names in its status who has connected and what is pinned, and in metrics as it is this moment', async () => {
    const device = await operator.apply('used', vgpu);
    await using copying = await startCopying(socketOf(device), 10);
    expect(copying.errno).toBe(0);
    await expect.poll(async () => (await operator.device('used')).status?.users?.map(({ pid }) => pid), patient).toEqual([copying.pid]);
    await expect
      .poll(async () => (await operator.device('used')).status?.pinned, patient)
      .toMatchObject({ pages: 20, lockedBytes: 20 * page });
    expect(condition(await operator.device('used'), 'InUse')).toMatchObject({ status: 'True' });
    expect(await metric('mdev_pinned_pages', 'used')).toMatchObject({ value: 20 });
    const locked = await metric('mdev_locked_bytes', 'used');
    expect(locked?.value).toBe(20 * page);
    expect(locked?.labels).toContain(`pid="${copying.pid}"`);
    await copying.end();
    await expect
      .poll(async () => (await operator.device('used')).status, patient)
      .not.toMatchObject({ users: expect.anything() as unknown });
    expect((await operator.device('used')).status?.pinned).toBeUndefined();
    expect(condition(await operator.device('used'), 'InUse')).toMatchObject({ status: 'False' });
    expect(await metric('mdev_pinned_pages', 'used')).toBeUndefined();
  });

  it('waits with its end for whoever has connected, names them, and goes when they are killed', async () => {
    const device = await operator.apply('held', vgpu);
    await using copying = await startCopying(socketOf(device), 1);
    await operator.delete('held');
    await expect
      .poll(async () => condition(await operator.device('held'), 'Ready'), patient)
      .toMatchObject({ status: 'False', reason: 'Deleting', message: expect.stringContaining(`(${copying.pid})`) as unknown });
    expect(existsSync(socketOf(device))).toBe(true);
    await copying.end('SIGKILL');
    await expect.poll(async () => operator.has('held'), patient).toBe(false);
    expect(existsSync(socketOf(device))).toBe(false);
  });

  it('says in one Event that a pin passed the limit of its user, what is locked, the limit, and what to raise', async () => {
    const device = await operator.apply('tight', vgpu);
    const limit = 16 * page;
    await using copying = await startCopying(socketOf(device), 9, memlockPrefix(limit));
    expect(copying.errno).toBe(12);
    // Events outlive their device, those of a try before this one too.
    const told = async (): Promise<string[]> =>
      (await operator.events('tight', 'MemlockExceeded')).filter((message) => message.includes(`(${copying.pid})`));
    await expect.poll(told, patient).toHaveLength(1);
    const [message] = await told();
    expect(message).toContain(`(${copying.pid}) has `);
    expect(message).toContain(`may lock ${limit} bytes (64 KiB)`);
    expect(message).toContain('Raise RLIMIT_MEMLOCK');
    expect(await metric('mdev_locked_limit_bytes', 'tight')).toMatchObject({ value: limit });
    await copying.end();
    await expect.poll(async () => condition(await operator.device('tight'), 'InUse'), patient).toMatchObject({ status: 'False' });
    expect(await told()).toHaveLength(1);
  });

  it('is written once for every first open and last close, however many connections there are between', async () => {
    const device = await operator.apply('counted', vgpu);
    const client = clientFor(operator.kubeconfig);
    const stop = new AbortController();
    const seen: boolean[] = [];
    const { resourceVersion } = await listAll(client, deviceResource, AbortSignal.timeout(5000));
    const watching = client
      .watch(
        deviceResource,
        { resourceVersion, timeoutSeconds: 60 },
        ({ object }) => {
          const changed = object as MdevDevice;
          if (changed.metadata.name === 'counted') seen.push((changed.status?.users ?? []).length > 0);
        },
        stop.signal,
      )
      .catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
    for (let round = 1; round <= 5; round++) {
      using first = new Client(socketOf(device));
      first.negotiate();
      await expect.poll(() => seen.length, patient).toBe(2 * round - 1);
      first[Symbol.dispose]();
      await expect.poll(() => seen.length, patient).toBe(2 * round);
    }
    expect(seen).toEqual(Array.from({ length: 5 }, () => [true, false]).flat());
    stop.abort();
    await watching;
    await client.close();
  });
});
