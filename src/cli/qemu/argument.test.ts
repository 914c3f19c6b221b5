import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { mdevDeviceSchema, type DeviceStatus, type MdevDevice } from '../../api/mdev-device.ts';
import { qemuArgument } from './argument.ts';

const path = '/run/mdev/12345678-1234-1234-1234-123456789abc.sock';

function device(status: DeviceStatus | undefined, deleted = false): MdevDevice {
  return mdevDeviceSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: { namespace: 'default', name: 'vgpu', ...(deleted && { deletionTimestamp: '2026-01-01T00:00:00Z' }) },
    spec: { type: { id: 'nvidia-11' } },
    status,
  });
}

function ready(change: Partial<DeviceStatus> = {}): DeviceStatus {
  const condition = { type: 'Ready', status: 'True' as const, reason: 'Ready', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
  return { deviceAPI: 'vfio-pci', vfio: { socketPath: path }, conditions: [condition], ...change };
}

describe('the QEMU argument of a device', () => {
  it('is one -device with the socket, as one word of a shell', () => {
    const advice = qemuArgument(device(ready()));
    expect(advice).toMatchObject({ argument: `-device '{"driver":"vfio-user-pci","socket":{"type":"unix","path":"${path}"}}'` });
  });

  it('survives a path with quotes and spaces', () => {
    const odd = `/run/it's "odd"/x.sock`;
    const advice = qemuArgument(device(ready({ vfio: { socketPath: odd } })));
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${'argument' in advice ? advice.argument : ''}`], { encoding: 'utf8' }).split(
      '\n',
    );
    expect(words[0]).toBe('-device');
    expect(JSON.parse(words[1] ?? '')).toEqual({ driver: 'vfio-user-pci', socket: { type: 'unix', path: odd } });
  });

  it.each(['vfio-pci', 'vfio-ccw', 'vfio-ap'])(
    'of a %s device of the real kernel is by its place in sysfs, with what libvirt wants',
    (deviceAPI) => {
      const uuid = '12345678-1234-1234-1234-123456789abc';
      const advice = qemuArgument(device(ready({ uuid, deviceAPI, vfio: { group: 7, groupPath: '/dev/vfio/7' } })));
      expect(advice).toMatchObject({ argument: `-device '{"driver":"${deviceAPI}","sysfsdev":"/sys/bus/mdev/devices/${uuid}"}'` });
      const notes = 'notes' in advice ? advice.notes.join('\n') : '';
      expect(notes).toContain(`model='${deviceAPI}'><source><address uuid='${uuid}'/>`);
      expect(notes).toContain('RLIMIT_MEMLOCK');
    },
  );

  it('names who has the device', () => {
    const advice = qemuArgument(device(ready({ users: [{ pid: 7, comm: 'qemu' }] })));
    expect('notes' in advice ? advice.notes[0] : '').toContain('in use by qemu (7)');
  });

  it.each([
    ['no status', device(undefined), 'is not ready (nobody has looked at it yet)'],
    ['no way to it', device(ready({ vfio: {} })), 'has neither a vfio-user socket nor a VFIO node'],
    [
      'an API that QEMU has no driver for',
      device(ready({ deviceAPI: 'vfio-foo', vfio: { groupPath: '/dev/vfio/7' } })),
      'is a vfio-foo device',
    ],
    ['another API', device(ready({ deviceAPI: 'vfio-ccw' })), 'is a vfio-ccw device'],
    ['deletion', device(ready(), true), 'is being deleted'],
    [
      'trouble',
      device({
        conditions: [{ type: 'Ready', status: 'False', reason: 'NoCapacity', message: 'full', lastTransitionTime: '2026-01-01T00:00:00Z' }],
      }),
      'is not ready (NoCapacity: full)',
    ],
  ])('is refused for a device with %s', (_, object, why) => {
    expect(qemuArgument(object)).toEqual({ refusal: expect.stringContaining(`mdevdevice default/vgpu ${why}`) as string });
  });
});
