import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parentResource } from '../../src/kube/resource.ts';
import { clientFor, waitForObjects } from '../support/cluster-client.ts';
import { kubectlOk } from '../support/kubectl.ts';
import { repository } from '../support/operator-command.ts';
import { startStandalone, temporaryDataDir, type StandaloneProcess } from '../support/standalone-process.ts';

interface Named {
  readonly metadata: { readonly name: string };
}
interface Device extends Named {
  readonly spec: { readonly online: boolean };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[] };
}
interface Parent extends Named {
  readonly status: {
    readonly remaining: string;
    readonly supportedTypes: readonly { readonly id: string; readonly availableInstances: number; readonly reason?: string }[];
    readonly devices?: readonly { readonly uuid: string; readonly owner?: object }[];
  };
}

const examples = new URL('examples/', repository).pathname;

let standalone: StandaloneProcess;
let atFirst: string[];

const run = (...args: string[]): Promise<string> => kubectlOk(standalone.kubeconfig, args);
const list = async <T>(resource: string): Promise<T[]> => (JSON.parse(await run('get', resource, '-o', 'json')) as { items: T[] }).items;
const remaining = async (): Promise<string[]> => (await list<Parent>('mdevparents')).map(({ status }) => status.remaining).sort();

async function start(): Promise<void> {
  standalone = await startStandalone(await temporaryDataDir());
  atFirst = await remaining();
}

async function end(): Promise<void> {
  expect(await standalone.end('SIGTERM')).toBe(0);
}

/** Applies them, and waits until all are made and those that want to be online are Ready. */
async function apply(): Promise<void> {
  await run('apply', '-f', examples);
  await run('wait', '--for=condition=Ready', '--timeout=10s', 'mdevdeviceset/ports');
  const online = (await list<Device>('mdevdevices')).filter(({ spec }) => spec.online).map(({ metadata }) => `mdevdevice/${metadata.name}`);
  expect(online.length).toBeGreaterThanOrEqual(13);
  await run('wait', '--for=condition=Ready', '--timeout=10s', ...online);
  await run('wait', '--for=condition=Created', '--timeout=10s', 'mdevdevice/spare');
}

describe('the examples, applied together to the default profile', () => {
  beforeAll(start, 30_000);
  afterAll(end);

  it('find the parents listed with their types and remaining instances', async () => {
    expect(atFirst.join('\n')).toContain('nvidia-11=16 nvidia-12=16 nvidia-13=8');
    expect(atFirst.join('\n')).toContain('i915-GVTg_V5_8=8 i915-GVTg_V5_4=4 i915-GVTg_V5_2=2');
    expect(atFirst.join('\n')).toContain('mtty-1=24 mtty-2=12');
  });

  it('become Ready, all that want to be online', async () => {
    await apply();
    expect(await run('get', 'mdevdevice', 'spare', '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}')).toBe('Offline');
  });

  it('leave the M60 to one type, and say why the others are at 0', async () => {
    const parent = (await list<Parent>('mdevparents')).find(({ status }) => status.remaining.includes('nvidia-11'));
    const types = parent?.status.supportedTypes ?? [];
    expect(types.find(({ id }) => id === 'nvidia-11')).toMatchObject({ availableInstances: 9 });
    for (const type of types.filter(({ id }) => id !== 'nvidia-11')) {
      expect(type.availableInstances).toBe(0);
      expect(type.reason).toMatch(/GRID M60-0B/);
    }
  });

  it('put the two devices of a virtual machine into one IOMMU group', async () => {
    const groups = await run('get', 'mdevdevice', 'vm-1-left', 'vm-1-right', '-o', 'jsonpath={.items[*].status.vfio.group}');
    const [left, right] = groups.split(' ');
    expect(left).toMatch(/^\d+$/);
    expect(right).toBe(left);
  });
});

describe('the examples, applied and then deleted', () => {
  // For each try anew: what it retains stays with the emulated kernel.
  beforeEach(start, 30_000);
  afterEach(end);

  it('give every count back, but for the device to retain, which is then without owner', async () => {
    await apply();
    const uuid = await run('get', 'mdevdevice', 'keep-me', '-o', 'jsonpath={.status.uuid}');
    await run('delete', '-f', examples, '--timeout=20s');
    // The garbage collector removes the devices of the set.
    await expect.poll(() => list('mdevdevices'), { timeout: 10_000 }).toEqual([]);
    const client = clientFor(standalone.kubeconfig);
    const isBack = ({ status }: Parent): boolean => !status.remaining.includes('nvidia') || status.devices?.length === 1;
    const parents = [
      ...(
        await waitForObjects(
          client,
          parentResource,
          (objects) => [...objects.values()].every((object) => isBack(object as unknown as Parent)),
          10_000,
        )
      ).values(),
    ] as unknown as Parent[];
    await client.close();
    const m60 = parents.find(({ status }) => status.remaining.includes('nvidia-11'));
    expect(m60?.status.devices).toEqual([{ uuid, typeID: 'nvidia-11' }]);
    expect((await remaining()).filter((text) => !text.includes('nvidia'))).toEqual(atFirst.filter((text) => !text.includes('nvidia')));
    expect(m60?.status.remaining).toContain('nvidia-11=15 nvidia-12=0');
  });
});
