/** The operator as deploy/ runs it, on a real node: one story, told in order. A vfio-user client stays attached for most of it. */
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../vfio-user/client.ts';
import { devicesOfHost, emulate, Installation, pathOf, version } from './installation.ts';
import { type Node, startNode } from './node.ts';
import { memoryOf, processesOf, processorSecondsOf, type Role } from './processes.ts';

const patience = { timeout: 60_000, interval: 250 };
const figures: string[] = [];

let node: Node;
let site: Installation;
let client: Client | undefined;
let uuids: Record<string, string | undefined>;

/** A register of the attached device, by the connection that was made at first. */
const clientIsAttached = (): void => expect(client?.register(7, 0)).toBe(0x32534348);
/** The devices are there under their UUIDs, and who uses one has noticed nothing. */
async function devicesAreUntouched(): Promise<void> {
  await site.devicesReady();
  expect(await site.uuidsByName()).toEqual(uuids);
  clientIsAttached();
}
const isReady = async (role: Role): Promise<boolean | undefined> => (await site.containerOf(role))?.ready;
function noteSeconds(what: string, since: number): void {
  figures.push(`${what}: ${((performance.now() - since) / 1000).toFixed(1)} s`);
}
const roles = ['agent', 'controller', 'emulator'] as const;
function noteMemory(when: string): void {
  for (const role of roles) {
    const each = memoryOf(role).map(({ resident, own }) => `${resident} MiB, of which ${own} its own`);
    figures.push(`RSS of ${role}, ${when}: ${each.join('; ')}`);
  }
}
/** What `act` takes of the processor, of every role's processes together. */
async function noteProcessor(what: string, act: () => Promise<unknown>): Promise<void> {
  const used = (role: Role): number => processorSecondsOf(role).reduce((sum, each) => sum + each, 0);
  const [before, began] = [roles.map(used), performance.now()];
  await act();
  const seconds = (performance.now() - began) / 1000;
  const each = roles.map((role, index) => {
    const own = used(role) - (before[index] ?? 0);
    return `${role} ${own.toFixed(2)} s, ${Math.round((own / seconds) * 1000)}m`;
  });
  figures.push(`processor, ${what} (${seconds.toFixed(1)} s): ${each.join('; ')}`);
}

beforeAll(async () => {
  const { MDEV_NODE_WORK: work, MDEV_NODE_BIN: bin } = process.env;
  if (work === undefined || bin === undefined) throw new Error('There is no place for a node: run `npm run test:node`, which makes one');
  const began = performance.now();
  const images = [pathOf(`build/image/mdev-operator-${version}.tar`), join(work, 'next.tar'), join(work, 'pause.tar')];
  node = await startNode({ bin, work, images });
  site = new Installation(node.kubeconfig);
  noteSeconds('node Ready after its start', began);
});
beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => {
    process.stdout.write(`${await site.describe()}\n${await node.logs()}\n`);
  });
});
afterAll(async () => {
  process.stdout.write(`\n${figures.join('\n')}\n`);
  client?.[Symbol.dispose]();
  // Without one when it did not start: that is told already.
  await (node as Node | undefined)?.[Symbol.asyncDispose]();
});

describe('the operator on a node', () => {
  it('runs by two commands, with the rights that deploy/ gives', async () => {
    const began = performance.now();
    await site.applyCrds();
    await site.applyOverlay();
    await site.rollout();
    await site.run('wait', '--for=condition=Present', '--timeout=30s', 'mdevparents', '--all');
    noteSeconds('operator Ready after kubectl apply', began);
    expect(await site.podsOf('controller')).toHaveLength(2);
    expect(await site.list('mdevparents')).not.toEqual([]);
    noteMemory('idle');
  });

  it('makes the examples Ready', async () => {
    const began = performance.now();
    await site.run('apply', '-f', pathOf('examples'));
    await site.run('wait', '--for=condition=Ready', '--timeout=60s', 'mdevdeviceset/ports');
    await site.devicesReady();
    noteSeconds('examples Ready after kubectl apply', began);
    uuids = await site.uuidsByName();
  });

  it('shows the device to a program of the node, at the path in its status', async () => {
    client = new Client(await site.run('get', 'mdev', 'guest-serial', '-o', 'jsonpath={.status.vfio.socketPath}'));
    client.negotiate();
    clientIsAttached();
    await site.run('wait', '--for=condition=InUse', '--timeout=30s', 'mdev/guest-serial');
    expect(await site.run('get', 'mdev', 'guest-serial', '-o', 'jsonpath={.status.users[*].pid}')).toBe(String(process.pid));
  });

  it('serves metrics where the Services of deploy/overlays/monitoring lead', async () => {
    await site.applyOverlay('deploy/overlays/monitoring');
    const metricsOf = (role: Role): Promise<string> =>
      site.run('get', '--raw', `/api/v1/namespaces/mdev-system/services/mdev-${role}-metrics:metrics/proxy/metrics`);
    await expect.poll(() => metricsOf('agent'), patience).toMatch(/^mdev_provider_operations_total\{.*operation="create".*\} [1-9]/m);
    await expect.poll(() => metricsOf('controller'), patience).toMatch(/^mdev_ready\b.* 1$/m);
    await site.run('delete', '-k', pathOf('deploy/overlays/monitoring'));
  });

  it('starts an agent again whose process was killed, and leaves devices alone', async () => {
    for (const pid of processesOf('agent')) process.kill(pid, 'SIGKILL');
    await expect.poll(async () => (await site.containerOf('agent'))?.restartCount, patience).toBe(1);
    await expect.poll(() => isReady('agent'), patience).toBe(true);
    await devicesAreUntouched();
  });

  it('leaves devices alone when the pod of the agent is killed, and the emulated kernel runs on', async () => {
    const emulator = processesOf('emulator');
    const [before] = await site.podsOf('agent');
    await site.run('delete', 'pod', '-n', 'mdev-system', before?.metadata.name ?? '', '--grace-period=0', '--force');
    await expect
      .poll(async () => (await site.podsOf('agent')).map(({ metadata }) => metadata.uid), patience)
      .not.toContain(before?.metadata.uid);
    await site.rollout();
    await devicesAreUntouched();
    expect(processesOf('emulator')).toEqual(emulator);
  });

  it('leaves devices alone when the images of agent and controller are upgraded', async () => {
    const before = await site.containerOf('agent');
    await site.run('set', 'image', '-n', 'mdev-system', 'deployment/mdev-controller', 'controller=mdev-operator:next');
    await site.run('set', 'image', '-n', 'mdev-system', 'daemonset/mdev-agent', 'agent=mdev-operator:next');
    await site.rollout();
    const after = await site.containerOf('agent');
    expect([before?.imageID, after?.imageID, after?.ready]).toEqual([expect.any(String), expect.any(String), true]);
    expect(after?.imageID).not.toBe(before?.imageID);
    expect((await site.runInAgent('version')).stdout).toContain(`mdev-operator ${version}-next `);
    await devicesAreUntouched();
  });

  it('leaves devices alone when the new agent crashes in a loop, and has them back when that is undone', async () => {
    const args = [{ op: 'add', path: '/spec/template/spec/containers/0/args/-', value: '--no-such-flag' }];
    await site.run('patch', '-n', 'mdev-system', 'daemonset/mdev-agent', '--type=json', '--patch', JSON.stringify(args));
    await expect.poll(async () => (await site.containerOf('agent'))?.state.waiting?.reason, patience).toBe('CrashLoopBackOff');
    clientIsAttached();
    expect(await site.run('logs', '-n', 'mdev-system', 'daemonset/mdev-agent', '--previous')).toMatch(
      /^error: unknown option '--no-such-flag'/,
    );
    await site.run('rollout', 'undo', '-n', 'mdev-system', 'daemonset/mdev-agent');
    await site.rollout();
    await devicesAreUntouched();
  });

  it('takes an agent that hangs for not ready, and starts it again', async () => {
    // As deploy/ has them, but sooner.
    const sooner = { periodSeconds: 1, timeoutSeconds: 1 };
    const containers = [
      {
        name: 'agent',
        readinessProbe: { ...sooner, failureThreshold: 1 },
        livenessProbe: { ...sooner, failureThreshold: 5, terminationGracePeriodSeconds: 1 },
      },
    ];
    const patch = { spec: { template: { spec: { containers } } } };
    await site.run('patch', '-n', 'mdev-system', 'daemonset/mdev-agent', '--patch', JSON.stringify(patch));
    await site.rollout();
    await expect.poll(() => processesOf('agent').length, patience).toBe(1);
    for (const pid of processesOf('agent')) process.kill(pid, 'SIGSTOP');
    await expect.poll(() => isReady('agent'), patience).toBe(false);
    await expect.poll(async () => (await site.containerOf('agent'))?.restartCount, patience).toBe(1);
    await expect.poll(() => isReady('agent'), patience).toBe(true);
    await site.applyOverlay();
    await site.rollout();
    await devicesAreUntouched();
  });

  it('puts no new device on a cordoned node, and keeps what is there', async () => {
    await site.run('cordon', node.name);
    await site.create({
      apiVersion: 'mediated.dev/v1alpha1',
      kind: 'MdevDevice',
      metadata: { name: 'late' },
      spec: { type: { id: 'mtty-1' } },
    });
    await expect.poll(() => site.reasonOf('late', 'Allocated'), patience).toBe('Unschedulable');
    expect(await site.uuidsByName()).toMatchObject(uuids);
    clientIsAttached();
    await site.run('uncordon', node.name);
    await site.run('wait', '--for=condition=Ready', '--timeout=60s', 'mdev/late');
    await site.run('delete', 'mdev', 'late', '--timeout=60s');
  });

  it('finds every device again when it was deleted and applied anew', async () => {
    const before = await devicesOfHost();
    await site.deleteOperator();
    expect(await devicesOfHost()).toEqual(before);
    clientIsAttached();
    await site.applyOverlay();
    await site.rollout();
    await devicesAreUntouched();
    expect(await devicesOfHost()).toEqual(before);
  });

  it('waits for the user of a device, and leaves foreign devices and those to retain, when it is uninstalled', async () => {
    const foreign = await emulate('create', 'mtty', 'mtty-1');
    await site.run('delete', '-f', pathOf('examples'), '--wait=false');
    await expect.poll(async () => Object.keys(await site.uuidsByName()), patience).toEqual(['guest-serial']);
    clientIsAttached();
    client?.[Symbol.dispose]();
    client = undefined;
    await site.run('wait', '--for=delete', '--timeout=60s', 'mdevdevices', '--all');
    await site.deleteOperator();
    await site.run('delete', '-f', pathOf('crds'), '--timeout=60s');
    expect(await devicesOfHost()).toEqual([foreign, uuids['keep-me']].sort());
  });

  it('is not ready while there are no CRDs, without being started anew, and then reports what it had left, and leaves it alone', async () => {
    await site.applyOverlay();
    await expect.poll(() => site.run('logs', '-n', 'mdev-system', 'daemonset/mdev-agent'), patience).toContain('The CRDs are missing');
    const stateOfAll = async (): Promise<unknown[]> =>
      [...(await site.podsOf('agent')), ...(await site.podsOf('controller'))].map(({ status }) =>
        status.containerStatuses?.map(({ ready, restartCount, state }) => ({ runs: state.running !== undefined, ready, restartCount })),
      );
    await expect.poll(stateOfAll, patience).toEqual(Array(3).fill([{ runs: true, ready: false, restartCount: 0 }]));
    await site.applyCrds();
    await site.rollout();
    expect((await site.containerOf('agent'))?.restartCount).toBe(0);
    const left = await devicesOfHost();
    await expect.poll(() => site.reported(), patience).toEqual({ uuids: left, owned: [] });
    // What was retained is nobody's by now: to have it back somebody must say so, by spec.adopt.
    await site.run('apply', '-f', pathOf('examples/retain.yaml'));
    await expect.poll(() => site.reasonOf('keep-me', 'Created'), patience).toBe('ForeignDevice');
    await site.run('delete', '-f', pathOf('examples/retain.yaml'), '--timeout=60s');
    expect(await devicesOfHost()).toEqual(left);
  });

  it('has a hundred devices after a reboot of the emulated host into a larger one', async () => {
    await site.applyOverlay('test/node/hundred');
    const [booted] = await site.podsOf('emulator');
    await site.run('delete', 'pod', '-n', 'mdev-emulator', booted?.metadata.name ?? '');
    await expect.poll(() => isReady('emulator'), patience).toBe(true);
    await noteProcessor('100 devices made', async () => {
      await site.create({
        apiVersion: 'mediated.dev/v1alpha1',
        kind: 'MdevDeviceSet',
        metadata: { name: 'hundred' },
        spec: { replicas: 100, template: { spec: { type: { id: 'mtty-1' } } } },
      });
      await site.run('wait', '--for=jsonpath={.status.readyReplicas}=100', '--timeout=90s', 'mdevdeviceset/hundred');
    });
    noteMemory('at 100 devices');
    expect(await devicesOfHost()).toHaveLength(100);
    // What happens meanwhile is what always does: probes, Leases, and what each role sees to by itself.
    await noteProcessor('100 devices at rest', async () => {
      const before = await site.leases();
      const renewed = async (): Promise<boolean> => (await site.leases()).every((lease) => !before.includes(lease));
      await expect.poll(renewed, { timeout: 60_000, interval: 5_000 }).toBe(true);
    });
  });

  it('runs on the kernel of the node, too, and says what that lacks', async () => {
    await site.run('delete', 'mdevdeviceset', 'hundred', '--timeout=60s');
    await site.run('wait', '--for=delete', '--timeout=60s', 'mdevdevices', '--all');
    await site.deleteOperator();
    await site.applyOverlay('deploy/overlays/kernel');
    await site.rollout();
    expect(await isReady('agent')).toBe(true);
    const { stdout: findings } = await site.runInAgent('doctor');
    // Whatever hardware there is, the agent lacks no right but one that nobody has here: doctor tells this node, which is in a PID namespace,
    // from a real one. That the pod shares it is to be seen by its processes.
    expect(findings).toContain('ok      The open files of all processes can be looked at.');
    expect(findings).not.toMatch(/read-only|device cgroup|This user may not/);
    const [agent = 0] = processesOf('agent');
    expect(readlinkSync(`/proc/${agent}/ns/pid`)).toBe(readlinkSync('/proc/self/ns/pid'));
    process.stdout.write(`What doctor finds in the agent's pod:\n${findings}`);
  });
});
