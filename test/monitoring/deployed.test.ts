import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceResource, nodeResource } from '../../src/kube/resource.ts';
import { mdevDeviceSchema } from '../../src/api/mdev-device.ts';
import type { Cluster } from '../agent/cluster.ts';
import { startCluster } from '../agent/start-cluster.ts';
import { repository } from '../support/operator-command.ts';
import { memlockPrefix } from '../support/memlock.ts';
import { RoleProcess } from '../support/role-process.ts';
import { startCopying, type Copying } from '../vfio-user/copying.ts';
import { deployedAlerts, deployedPanels, type Deployed } from './deployed.ts';
import { evaluate, NeedsHistory } from './evaluate.ts';
import { parsePromql, targetLabels, usedLabels, yieldedLabels } from './promql.ts';
import { parseSamples, type Sample } from './samples.ts';

const signal = AbortSignal.timeout(120_000);

let cluster: Cluster;
let folder: string;
let emulator: RoleProcess;
let controller: RoleProcess;
let agent: RoleProcess;
let copying: Copying;
let alerts: Deployed[];
let panels: Deployed[];
let healthy: Sample[];

async function apply(name: string, type: string): Promise<void> {
  await cluster.client.create(deviceResource, { metadata: { name }, spec: { type: { id: type } } }, { namespace: 'default' }, signal);
}

async function scrape(...roles: readonly RoleProcess[]): Promise<Sample[]> {
  return (await Promise.all(roles.map(async (role) => parseSamples(await role.metrics(), String(role.pid))))).flat();
}

/** The socket of a device once it is Ready. */
async function socketOf(name: string): Promise<string> {
  let path: string | undefined;
  await agent.until(async () => {
    const object = await cluster.client.get(deviceResource, { namespace: 'default', name }, signal);
    path = object === undefined ? undefined : mdevDeviceSchema.parse(object).status?.vfio?.socketPath;
    return path !== undefined;
  }, `device ${name} has a socket`);
  return path ?? '';
}

/** The alerts that fire on these samples, with the labels of what they are about; those that need history are left out. */
function firing(samples: readonly Sample[]): { readonly alert: string; readonly labels: object }[] {
  return alerts.flatMap(({ where, expr }) => {
    try {
      return evaluate(parsePromql(expr), samples).map(({ labels }) => ({ alert: where, labels }));
    } catch (error) {
      if (error instanceof NeedsHistory) return [];
      throw error;
    }
  });
}

beforeAll(async () => {
  [alerts, panels] = [await deployedAlerts(), await deployedPanels()];
  cluster = await startCluster();
  folder = await mkdtemp(join(tmpdir(), 'mdev-monitoring-'));
  await cluster.client.create(nodeResource, { metadata: { name: 'node-1' } }, {}, signal);
  const socket = join(folder, 'emulator.sock');
  const onCluster = ['--kubeconfig', cluster.kubeconfig];
  emulator = await RoleProcess.start('emulator', ['--socket', socket]);
  controller = await RoleProcess.start('controller', onCluster);
  await emulator.ready();
  agent = await RoleProcess.start('agent', [
    ...onCluster,
    '--node-name',
    'node-1',
    '--emulator',
    socket,
    '--data-dir',
    join(folder, 'data'),
  ]);
  await agent.ready();
  await apply('used', 'nvidia-11');
  copying = await startCopying(await socketOf('used'), 4, memlockPrefix(1 << 20));
  await agent.until(async () => (await agent.metrics()).includes('mdev_locked_limit_bytes{'), 'pinned memory is served');
  await controller.until(async () => (await controller.metrics()).includes('mdev_leader 1'), 'it leads');
  healthy = await scrape(controller, agent);
}, 120_000);

afterAll(async () => {
  await copying.end();
  for (const role of [agent, controller, emulator]) await role.end('SIGTERM');
  await rm(folder, { recursive: true });
  await cluster[Symbol.asyncDispose]();
}, 60_000);

/** The labels of every metric that is served. */
function served(metric: string): string[] {
  const labels = healthy.filter(({ name }) => name === metric).flatMap((sample) => Object.keys(sample.labels));
  return [...new Set(labels)].filter((label) => !targetLabels.includes(label));
}

describe('every alert and panel', () => {
  it('is there at all', () => {
    expect(alerts.length).toBeGreaterThan(10);
    expect(panels.length).toBeGreaterThan(20);
    expect(new Set(alerts.map(({ where }) => where)).size).toBe(alerts.length);
  });

  it('names metrics that a running agent or controller serves, and labels that these have', () => {
    const names = new Set(healthy.map(({ name }) => name));
    const wrong = [...alerts, ...panels].flatMap(({ where, expr }) =>
      usedLabels(parsePromql(expr)).flatMap(({ metric, label }) => {
        if (!names.has(metric)) return [`${where}: ${metric} is not served`];
        return served(metric).includes(label) || targetLabels.includes(label) ? [] : [`${where}: ${metric} has no label ${label}`];
      }),
    );
    const metrics = [...alerts, ...panels].flatMap(({ where, expr }) =>
      [...expr.matchAll(/\b(?:mdev|process|nodejs)_\w+/g)]
        .filter(([name]) => !names.has(name))
        .map(([name]) => `${where}: ${name} is not served`),
    );
    expect([...wrong, ...metrics]).toEqual([]);
  });

  it('shows labels that its result has', () => {
    const wrong = [...alerts, ...panels].flatMap(({ where, expr, shown }) => {
      const yielded = yieldedLabels(parsePromql(expr), served);
      return shown.filter((label) => !yielded.includes(label)).map((label) => `${where}: no label ${label} in ${expr}`);
    });
    expect(wrong).toEqual([]);
  });

  it('would be found out if it did not', () => {
    expect(() => parsePromql('sum by (x (mdev_ready)')).toThrow('Cannot parse');
    expect(usedLabels(parsePromql('sum by (a) (rate(m{b="c"}[5m])) / on (d) group_left (e) n'))).toEqual([
      { metric: 'm', label: 'b' },
      { metric: 'm', label: 'a' },
      { metric: 'n', label: 'd' },
      { metric: 'n', label: 'e' },
    ]);
    expect(yieldedLabels(parsePromql('histogram_quantile(0.9, sum by (le, q) (m))'), () => ['le', 'q', 'r'])).toEqual(['q']);
  });

  it('shows every metric of ours', () => {
    const shown = [...alerts, ...panels].map(({ expr }) => expr).join('\n');
    const ours = new Set(healthy.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')).filter((name) => name.startsWith('mdev_')));
    expect([...ours].filter((name) => !shown.includes(name))).toEqual([]);
  });
});

describe('docs/OPERATIONS.md', () => {
  it('has a section for every alert, and for none that is not there', async () => {
    const operations = await readFile(new URL('docs/OPERATIONS.md', repository), 'utf8');
    const sections = /^## Alerts$(.*?)^## /ms.exec(operations)?.[1] ?? '';
    const headings = [...sections.matchAll(/^### (\w+)\n\n(.{40,})/gm)].map(([, alert = '']) => alert);
    expect(headings.toSorted()).toEqual(alerts.map(({ where }) => where).toSorted());
  });

  it('has a line for every check of agent and controller', async () => {
    const operations = await readFile(new URL('docs/OPERATIONS.md', repository), 'utf8');
    const checks = healthy.filter(({ name }) => name === 'mdev_ready').map(({ labels }) => labels['check'] ?? '');
    expect(checks).toContain('records');
    expect(checks.filter((check) => !operations.includes(`| \`${check}\` `))).toEqual([]);
  });
});

describe('the alerts that need no history', () => {
  it('are silent while all is well', () => {
    expect(firing(healthy)).toEqual([]);
  });

  it.each([
    ['MdevNodeLost', 'mdev_nodes_lost', {}, 1],
    ['MdevRecordsNotWritable', 'mdev_records_writable', {}, 0],
    ['MdevNotReady', 'mdev_ready', { check: 'watches' }, 0],
    ['MdevWatchStale', 'mdev_watch_age_seconds', { resource: 'mdevdevices' }, 200],
    ['MdevOrphanedDevices', 'mdev_devices', { ownership: 'orphaned' }, 2],
    ['MdevLockedMemoryNearLimit', 'mdev_locked_bytes', {}, 1 << 20],
    ['MdevNoLeader', 'mdev_leader', {}, 0],
  ])('%s fires when %s is so', (alert, name, labels, value) => {
    let met = 0;
    const troubled = healthy.map((sample) => {
      const isMeant = sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text);
      met += Number(isMeant);
      return isMeant ? { ...sample, value } : sample;
    });
    expect(met).toBeGreaterThan(0);
    expect(new Set(firing(troubled).map((fired) => fired.alert))).toEqual(new Set([alert]));
  });

  it.each(['KernelBlocked', 'Unremovable'])('Mdev%s fires when a device says so', (reason) => {
    const labels = { condition: 'Created', status: 'False', reason, instance: '1' };
    expect(firing([...healthy, { name: 'mdev_device_conditions', labels, value: 1 }]).map(({ alert }) => alert)).toEqual([`Mdev${reason}`]);
  });

  it('fire for a device that finds no room, by the metrics of a controller that looked for it', async () => {
    await apply('one', 'nvidia-18');
    await apply('two-many', 'nvidia-18');
    const reason = 'reason="NoCapacity"';
    await controller.until(
      async () => (await controller.metrics()).includes(`mdev_device_conditions{condition="Ready",status="False",${reason}} 2`),
      'the devices have no room',
    );
    const fired = firing(await scrape(controller, agent));
    expect(fired).toContainEqual({ alert: 'MdevDevicesNotReady', labels: { reason: 'NoCapacity' } });
    expect(fired).toContainEqual({ alert: 'MdevNoCapacity', labels: { type: 'nvidia-18' } });
  });

  it('fire when the kernel of an agent is gone, and when there is no controller', async () => {
    await copying.end();
    await emulator.end('SIGKILL');
    expect(await agent.unready(/^not ready: provider: /)).toMatch(/emulator runs/);
    await agent.until(async () => firing(await scrape(agent)).some(({ alert }) => alert === 'MdevNotReady'), 'it is told');
    expect(firing(await scrape(agent))).toContainEqual({
      alert: 'MdevNotReady',
      labels: { check: 'provider', instance: String(agent.pid) },
    });
    expect(firing(await scrape(agent)).map(({ alert }) => alert)).toContain('MdevNoLeader');
  });
});
