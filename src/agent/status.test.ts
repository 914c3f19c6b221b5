import { describe, expect, it } from 'vitest';
import { mdevDeviceSchema, type MdevDevice } from '../api/mdev-device.ts';
import { existing, notCreated } from './decide/claims.ts';
import { desiredDevice, device, observed, record, uuid } from './decide/fixtures.ts';
import { buildStatus, isPublished, type StatusFacts } from './status.ts';

const day = Date.UTC(2026, 0, 1);

function object(status?: MdevDevice['status']): MdevDevice {
  return mdevDeviceSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: { name: 'vgpu', namespace: 'default', generation: 3 },
    spec: { type: { id: 'nvidia-11' } },
    ...(status === undefined ? {} : { status }),
  });
}

function facts(change: Partial<StatusFacts> = {}): StatusFacts {
  const there = device({ deviceAPI: 'vfio-pci', group: 7 });
  const claims = existing(desiredDevice(), observed({ record: record(), device: there }), there);
  return { uuid, device: there, bootID: 'boot-1', users: { inUse: false, known: [] }, claims, ...change };
}

describe('the status of a device', () => {
  it('says how to open it, and leaves out paths that do not exist', () => {
    const status = buildStatus(object(), facts(), day);
    expect(status).toMatchObject({ uuid, deviceAPI: 'vfio-pci', vfio: { group: 7, bootID: 'boot-1' } });
    expect(Object.keys(status.vfio ?? {})).toEqual(['group', 'bootID']);
    expect(status.conditions.every(({ observedGeneration }) => observedGeneration === 3)).toBe(true);
  });

  it('is published once: what the object carries is not written again', () => {
    const status = buildStatus(object(), facts(), day);
    expect(isPublished(object(), status)).toBe(false);
    const published = object({ ...status, allocation: { nodeName: 'n', parentName: 'p', typeID: 't' } });
    expect(isPublished(published, buildStatus(published, facts(), day + 60_000))).toBe(true);
  });

  it.each([
    ['a user', { users: { inUse: true, known: [{ pid: 1, comm: 'qemu' }] } }],
    ['another group', { device: device({ deviceAPI: 'vfio-pci', group: 8 }) }],
    ['another boot', { bootID: 'boot-2' }],
    ['the device being gone', { device: undefined, claims: notCreated('NoCapacity', 'full') }],
  ] as const)('is written anew for %s', (_what, change) => {
    const published = object(buildStatus(object(), facts(), day));
    expect(isPublished(published, buildStatus(published, facts(change), day))).toBe(false);
  });

  it('keeps the time of the last transition while the status of a condition stays', () => {
    const published = object(buildStatus(object(), facts(), day));
    const later = buildStatus(published, facts({ claims: notCreated('NoCapacity', 'full') }), day + 60_000);
    const time = (type: string): string | undefined => later.conditions.find((condition) => condition.type === type)?.lastTransitionTime;
    expect(time('InUse')).toBe('2026-01-01T00:00:00Z');
    expect(time('Ready')).toBe('2026-01-01T00:01:00Z');
  });
});
