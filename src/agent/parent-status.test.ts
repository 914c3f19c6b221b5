import { describe, expect, it } from 'vitest';
import { mdevParentSchema, type MdevParent } from '../api/mdev-parent.ts';
import { device, parent, parentType, record, uuid } from './decide/fixtures.ts';
import { absentStatus, isPublishedParent, presentStatus, type Ownership } from './parent-status.ts';

const now = Date.UTC(2026, 0, 1);
const other = '00000000-0000-4000-8000-000000000001';
const nobody: Ownership = { recordOf: () => undefined, hasObject: () => false };

function object(status: MdevParent['status']): MdevParent {
  return mdevParentSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevParent',
    metadata: { name: 'p' },
    spec: { nodeName: 'n', parent: '0000:86:00.0' },
    status,
  });
}

describe('the status of a parent', () => {
  const types = [parentType({ availableInstances: 15, instances: 1 }), parentType({ id: 'nvidia-12', availableInstances: 0 })];
  const view = { parent: parent({ types }), devices: [device(), device({ id: other })] };

  it('says in one line what remains, and why where nothing does', () => {
    const status = presentStatus(view, 'boot-1', nobody, undefined, now);
    expect(status.remaining).toBe('nvidia-11=15 nvidia-12=0');
    expect(status.supportedTypes?.map(({ reason }) => reason !== undefined)).toEqual([false, true]);
    expect(status.conditions).toMatchObject([{ type: 'Present', status: 'True', reason: 'Present' }]);
  });

  it('names owners, marks orphans, and gives foreign devices no owner', () => {
    const devicesFor = (hasObject: boolean): unknown => {
      const ownership = { recordOf: ({ id }: { id: string }) => (id === uuid ? record() : undefined), hasObject: () => hasObject };
      return presentStatus(view, 'boot-1', ownership, undefined, now).devices;
    };
    const owner = { uid: 'uid-1', namespace: 'default', name: 'vgpu' };
    const foreign = { uuid: other, typeID: 'nvidia-11' };
    expect(devicesFor(true)).toEqual([foreign, { uuid, typeID: 'nvidia-11', owner }]);
    expect(devicesFor(false)).toEqual([foreign, { uuid, typeID: 'nvidia-11', owner, orphaned: true }]);
  });

  it('takes no new device while the parent leaves', () => {
    const status = presentStatus({ ...view, parent: parent({ leaving: true }) }, 'boot-1', nobody, undefined, now);
    expect(status.conditions).toMatchObject([{ status: 'False', reason: 'Leaving' }]);
  });

  it('is the same when nothing has changed, and differs when a count has', () => {
    const published = object(presentStatus(view, 'boot-1', nobody, undefined, now));
    expect(isPublishedParent(published, presentStatus(view, 'boot-1', nobody, published, now + 1e6))).toBe(true);
    const changed = { ...view, parent: parent({ types: [parentType({ availableInstances: 14 })] }) };
    expect(isPublishedParent(published, presentStatus(changed, 'boot-1', nobody, published, now))).toBe(false);
  });

  it('keeps what was known of a parent that is gone, with nothing left on it', () => {
    const published = object(presentStatus(view, 'boot-1', nobody, undefined, now));
    const gone = absentStatus(published, now);
    expect(gone).toMatchObject({ sharing: 'Exclusive', remaining: 'nvidia-11=0 nvidia-12=0', devices: [] });
    expect(gone.conditions).toMatchObject([{ status: 'False', reason: 'Absent' }]);
    expect(isPublishedParent(object(gone), absentStatus(object(gone), now + 1e6))).toBe(true);
  });
});
