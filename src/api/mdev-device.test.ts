import { describe, expect, it } from 'vitest';
import { mdevDeviceSchema, reclaimPolicy } from './mdev-device.ts';

const device = (spec: object) => ({
  apiVersion: 'mediated.dev/v1alpha1',
  kind: 'MdevDevice',
  metadata: { name: 'vgpu', namespace: 'default' },
  spec,
});

describe('an MdevDevice', () => {
  it('gets its defaults when it is read', () => {
    const { spec } = mdevDeviceSchema.parse(device({ type: { id: 'nvidia-11' } }));
    expect(spec).toMatchObject({ placement: 'Compact', online: true, adopt: false });
  });

  it("takes the seed's own UUID, whose variant bits are not those of RFC 9562", () => {
    const { spec } = mdevDeviceSchema.parse(device({ type: { id: 'nvidia-11' }, uuid: '12345678-1234-1234-1234-123456789abc' }));
    expect(spec.uuid).toBe('12345678-1234-1234-1234-123456789abc');
  });

  it.each(['12345678123412341234123456789abc', '{12345678-1234-1234-1234-123456789abc}', '12345678-1234-1234-1234-123456789abcd', ''])(
    'refuses %j as a UUID',
    (uuid) => {
      expect(mdevDeviceSchema.safeParse(device({ type: { id: 'nvidia-11' }, uuid })).success).toBe(false);
    },
  );

  it.each(['../remove', '..', 'a/b/c', '/etc/passwd', 'a b', '.hidden', 'x/../y'])('refuses %j as the name of an attribute', (name) => {
    expect(mdevDeviceSchema.safeParse(device({ type: { id: 'x' }, attributes: [{ name, value: '1' }] })).success).toBe(false);
  });

  it('keeps an adopted device by default and removes a created one', () => {
    expect(reclaimPolicy(mdevDeviceSchema.parse(device({ type: { id: 'x' }, adopt: true })).spec)).toBe('Retain');
    expect(reclaimPolicy(mdevDeviceSchema.parse(device({ type: { id: 'x' } })).spec)).toBe('Delete');
    expect(reclaimPolicy(mdevDeviceSchema.parse(device({ type: { id: 'x' }, adopt: true, reclaimPolicy: 'Delete' })).spec)).toBe('Delete');
  });
});
