import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/manual-clock.ts';
import type { EmulatedHost } from '../host.ts';
import { bootHost } from '../host.ts';
import { parseProfile } from '../profile.ts';
import { answerOf } from '../testing/rig.ts';

const m60 = '0000:86:00.0';
const gvt = '0000:00:02.0';

function boot(name: string): Promise<EmulatedHost> {
  const text = readFileSync(new URL(`../../../profiles/${name}.yaml`, import.meta.url), 'utf8');
  return bootHost(parseProfile(text), { clock: new ManualClock(), report: () => undefined });
}

function uuidOf(number: number): string {
  return `12345678-1234-1234-1234-${String(number).padStart(12, '0')}`;
}

/** The counts of a parent's types, in the profile's order. */
function counts(host: EmulatedHost, parent: string): number[] {
  return (host.bus.parent(parent)?.types ?? []).map(({ availableInstances }) => availableInstances);
}

function reason(host: EmulatedHost, parent: string, type: string): string | undefined {
  return host.bus.parent(parent)?.types.find(({ id }) => id === type)?.reason;
}

describe('the M60 (homogeneous)', () => {
  it("offers the thread's eight types with one value an attribute", async () => {
    const host = await boot('m60');
    const types = host.bus.parent(m60)?.types ?? [];
    expect(types.map(({ id, name, attributes, maxInstances }) => [id, name, maxInstances, ...Object.values(attributes)])).toEqual([
      ['nvidia-11', 'GRID M60-0B', 16, '2', '45', '512M', '2560x1600'],
      ['nvidia-12', 'GRID M60-0Q', 16, '2', '60', '512M', '2560x1600'],
      ['nvidia-13', 'GRID M60-1B', 8, '2', '45', '1024M', '2560x1600'],
      ['nvidia-14', 'GRID M60-1Q', 8, '2', '60', '1024M', '2560x1600'],
      ['nvidia-15', 'GRID M60-2B', 4, '2', '45', '2048M', '2560x1600'],
      ['nvidia-16', 'GRID M60-2Q', 4, '4', '60', '2048M', '2560x1600'],
      ['nvidia-17', 'GRID M60-4Q', 2, '4', '60', '4096M', '3840x2160'],
      ['nvidia-18', 'GRID M60-8Q', 1, '4', '60', '8192M', '3840x2160'],
    ]);
    expect(counts(host, m60)).toEqual([16, 16, 8, 8, 4, 4, 2, 1]);
    expect(host.bus.parent(m60)).toMatchObject({
      driver: 'nvidia',
      sharing: 'Exclusive',
      features: { online: true, group: true, params: true },
    });
  });

  it('is bound to the type of its first device until the last one goes', async () => {
    const host = await boot('m60');
    for (const number of [1, 2, 3, 4]) {
      await host.bus.create(m60, 'nvidia-16', uuidOf(number));
      expect(counts(host, m60)).toEqual([0, 0, 0, 0, 0, 4 - number, 0, 0]);
    }
    expect(reason(host, m60, 'nvidia-11')).toBe('the parent holds GRID M60-2Q devices; other types return when the last is removed');
    expect(reason(host, m60, 'nvidia-16')).toBe('all 4 instances of GRID M60-2Q exist');
    expect(await answerOf(host.bus.create(m60, 'nvidia-11', uuidOf(5)))).toBe('ENOSPC');
    expect(await answerOf(host.bus.create(m60, 'nvidia-16', uuidOf(5)))).toBe('ENOSPC');
    for (const number of [1, 2, 3]) await host.bus.remove(uuidOf(number));
    expect(counts(host, m60)).toEqual([0, 0, 0, 0, 0, 3, 0, 0]);
    await host.bus.remove(uuidOf(4));
    expect(counts(host, m60)).toEqual([16, 16, 8, 8, 4, 4, 2, 1]);
    expect(reason(host, m60, 'nvidia-11')).toBeUndefined();
  });

  it('takes params untouched, and checks vgpu_params', async () => {
    const { bus } = await boot('m60');
    await bus.create(m60, 'nvidia-11', uuidOf(1), ' any text = at:all ');
    expect(bus.readAttribute(uuidOf(1), 'nvidia/vgpu_params')).toBe(' any text = at:all ');
    for (const bad of ['', 'disable_vnc', 'disable_vnc=2', 'rm=-rf', 'disable_vnc=1,']) {
      expect(await answerOf(bus.writeAttribute(uuidOf(1), 'nvidia/vgpu_params', bad))).toBe('EINVAL');
    }
    await bus.writeAttribute(uuidOf(1), 'nvidia/vgpu_params', 'frame_rate_limiter=0, disable_vnc=1\n');
    expect(bus.readAttribute(uuidOf(1), 'nvidia/vgpu_params')).toBe('frame_rate_limiter=0, disable_vnc=1');
    expect(await answerOf(bus.writeAttribute(uuidOf(1), 'nvidia/vm_name', 'x'.repeat(64)))).toBe('EINVAL');
    expect(await answerOf(bus.writeAttribute(uuidOf(1), 'nvidia/vm_name', 'vm-1'))).toBe('ok');
    expect(await answerOf(bus.writeAttribute(uuidOf(1), 'nvidia/resources', 'free'))).toBe('EACCES');
  });

  it('keeps resources committed while a device is online or open', async () => {
    const { bus } = await boot('m60');
    await bus.create(m60, 'nvidia-11', uuidOf(1));
    const resources = (): string => bus.readAttribute(uuidOf(1), 'nvidia/resources');
    expect(resources()).toBe('free');
    const handle = await bus.open(uuidOf(1), { pid: 1, comm: 'qemu' });
    expect(resources()).toBe('committed');
    await bus.setOnline(uuidOf(1), '1');
    await handle.release();
    expect(resources()).toBe('committed');
    await bus.setOnline(uuidOf(1), '0');
    expect(resources()).toBe('free');
  });
});

describe('GVT-g (pooled)', () => {
  it('walks 8/4/2, 4/2/1, 3/1/0 and back', async () => {
    const host = await boot('gvt-1gib');
    const [small = '', , big = ''] = (host.bus.parent(gvt)?.types ?? []).map(({ id }) => id);
    expect(counts(host, gvt)).toEqual([8, 4, 2]);
    await host.bus.create(gvt, big, uuidOf(1));
    expect(counts(host, gvt)).toEqual([4, 2, 1]);
    await host.bus.create(gvt, small, uuidOf(2));
    expect(counts(host, gvt)).toEqual([3, 1, 0]);
    expect(reason(host, gvt, big)).toBe('no free memory: 384 of 1024 MiB left, 512 MiB needed');
    expect(host.bus.readParentAttribute(gvt, 'gvt/free_memory')).toBe('384M');
    expect(await answerOf(host.bus.create(gvt, big, uuidOf(3)))).toBe('ENOSPC');
    await host.bus.remove(uuidOf(1));
    await host.bus.remove(uuidOf(2));
    expect(counts(host, gvt)).toEqual([8, 4, 2]);
  });

  it('checks the weight of a device', async () => {
    const { bus } = await boot('gvt-1gib');
    await bus.create(gvt, 'i915-GVTg_V5_8', uuidOf(1));
    for (const [text, answer] of [
      ['0', 'EINVAL'],
      ['17', 'EINVAL'],
      ['heavy', 'EINVAL'],
      ['-1', 'EINVAL'],
      ['99999999999999999999', 'ERANGE'],
      ['0x10\n', 'ok'],
    ] as const) {
      expect([text, await answerOf(bus.writeAttribute(uuidOf(1), 'intel_vgpu/weight', text))]).toEqual([text, answer]);
    }
    expect(bus.readAttribute(uuidOf(1), 'intel_vgpu/weight')).toBe('16');
  });
});

describe('mtty (slots)', () => {
  it('shows 24/12, and 21/10 after one of each; has no online operation', async () => {
    const host = await boot('mtty');
    expect(counts(host, 'mtty')).toEqual([24, 12]);
    await host.bus.create('mtty', 'mtty-1', uuidOf(1));
    await host.bus.create('mtty', 'mtty-2', uuidOf(2));
    expect(counts(host, 'mtty')).toEqual([21, 10]);
    expect(await answerOf(host.bus.setOnline(uuidOf(1), '1'))).toBe('EOPNOTSUPP');
    for (let number = 3; number <= 12; number++) await host.bus.create('mtty', 'mtty-2', uuidOf(number));
    expect(counts(host, 'mtty')).toEqual([1, 0]);
    expect(reason(host, 'mtty', 'mtty-2')).toBe('no free ports: 1 of 24 left, 2 needed');
    expect(await answerOf(host.bus.create('mtty', 'mtty-2', uuidOf(13)))).toBe('ENOSPC');
    expect(host.bus.readAttribute(uuidOf(1), 'vendor/sample_mdev_dev')).toBe(`This is MDEV ${uuidOf(1)}`);
  });

  it('has an attribute for what each port is connected to, which stays as it is while the device is open', async () => {
    const { bus } = await boot('mtty');
    await bus.create('mtty', 'mtty-1', uuidOf(1));
    await bus.create('mtty', 'mtty-2', uuidOf(2));
    expect(bus.attributeNames(uuidOf(1))).toEqual(['vendor/sample_mdev_dev', 'vendor/port0_backend']);
    expect(bus.attributeNames(uuidOf(2))).toEqual(['vendor/sample_mdev_dev', 'vendor/port0_backend', 'vendor/port1_backend']);
    const write = (text: string): Promise<string> => answerOf(bus.writeAttribute(uuidOf(2), 'vendor/port1_backend', text));
    expect(bus.readAttribute(uuidOf(2), 'vendor/port1_backend')).toBe('loopback');
    for (const bad of ['', 'Socket', 'socket\n\n', 'socket ', 'toString']) expect([bad, await write(bad)]).toEqual([bad, 'EINVAL']);
    expect(await write('socket\n')).toBe('ok');
    expect(bus.readAttribute(uuidOf(2), 'vendor/port1_backend')).toBe('socket');
    expect(bus.readAttribute(uuidOf(2), 'vendor/port0_backend')).toBe('loopback');
    const handle = await bus.open(uuidOf(2), { pid: 1, comm: 'qemu' });
    expect(await write('loopback')).toBe('EBUSY');
    expect(await write('modem')).toBe('EINVAL');
    await handle.release();
    expect(await write('loopback')).toBe('ok');
  });
});

describe('ccw (one device)', () => {
  it('carries one vfio-ccw device, and answers EUSERS to a second', async () => {
    const host = await boot('default');
    await host.bus.create('0.0.0313', 'vfio_ccw-io', uuidOf(1));
    expect(host.bus.device(uuidOf(1))).toMatchObject({ deviceAPI: 'vfio-ccw', online: undefined });
    expect(counts(host, '0.0.0313')).toEqual([0]);
    expect(reason(host, '0.0.0313', 'vfio_ccw-io')).toBe('a subchannel carries one device, and it exists');
    expect(await answerOf(host.bus.create('0.0.0313', 'vfio_ccw-io', uuidOf(2)))).toBe('EUSERS');
    await host.bus.remove(uuidOf(1));
    expect(counts(host, '0.0.0313')).toEqual([1]);
  });
});

describe('matrix (filled by attributes)', () => {
  const made = async () => {
    const { bus } = await boot('default');
    await bus.create('matrix', 'vfio_ap-passthrough', uuidOf(1));
    await bus.create('matrix', 'vfio_ap-passthrough', uuidOf(2));
    const write = (device: number, name: string, text: string): Promise<string> => answerOf(bus.writeAttribute(uuidOf(device), name, text));
    return { bus, write };
  };

  it('lists the queues of the adapters and domains that were assigned', async () => {
    const { bus, write } = await made();
    const matrix = (): string => bus.readAttribute(uuidOf(1), 'matrix');
    expect(matrix()).toBe('');
    expect(await write(1, 'assign_adapter', '5')).toBe('ok');
    expect(matrix()).toBe('05.');
    expect(await write(1, 'assign_domain', '0xa\n')).toBe('ok');
    expect(await write(1, 'assign_domain', '4')).toBe('ok');
    expect(await write(1, 'assign_control_domain', '4')).toBe('ok');
    expect(matrix()).toBe('05.0004\n05.000a');
    expect(bus.readAttribute(uuidOf(1), 'control_domains')).toBe('0004');
    expect(await write(1, 'unassign_adapter', '5')).toBe('ok');
    expect(matrix()).toBe('.0004\n.000a');
    expect(() => bus.readAttribute(uuidOf(1), 'assign_adapter')).toThrow('EACCES');
  });

  it('answers EINVAL to what is no number, ENODEV to an adapter it lacks, and changes nothing', async () => {
    const { bus, write } = await made();
    for (const bad of ['', 'five', '5 6', '5\n\n', '-5', '05x', '1.5'])
      expect([bad, await write(1, 'assign_adapter', bad)]).toEqual([bad, 'EINVAL']);
    expect(await write(1, 'assign_adapter', '16')).toBe('ENODEV');
    expect(bus.readAttribute(uuidOf(1), 'matrix')).toBe('');
  });

  it('gives a queue to one device only, which may be written in either order', async () => {
    const { write } = await made();
    expect(await write(1, 'assign_adapter', '5')).toBe('ok');
    expect(await write(1, 'assign_domain', '4')).toBe('ok');
    expect(await write(1, 'assign_adapter', '5')).toBe('ok');
    expect(await write(2, 'assign_adapter', '5')).toBe('ok');
    expect(await write(2, 'assign_domain', '4')).toBe('EBUSY');
    expect(await write(2, 'assign_domain', '5')).toBe('ok');
    expect(await write(1, 'unassign_domain', '4')).toBe('ok');
    expect(await write(2, 'assign_domain', '4')).toBe('ok');
    expect(await write(1, 'assign_domain', '4')).toBe('EBUSY');
  });

  it('leaves the matrix of an open device as it is', async () => {
    const { bus, write } = await made();
    await using handle = await bus.open(uuidOf(1), { pid: 1, comm: 'qemu' });
    expect(handle.uuid).toBe(uuidOf(1));
    expect(await write(1, 'assign_adapter', '5')).toBe('EBUSY');
    expect(await write(2, 'assign_adapter', '5')).toBe('ok');
  });
});
