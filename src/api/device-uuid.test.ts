import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceUUID, isDeviceUUID, nilUUID } from './device-uuid.ts';

const cluster = '6f1c3a0e-93f5-4c8b-9a53-0d7d3e2f1b44';

describe('the UUID of a device', () => {
  it('is the one asked for, in lower case', () => {
    expect(deviceUUID({ metadata: { name: 'a', namespace: 'n' }, spec: { uuid: 'ABCDEF00-1234-1234-1234-123456789ABC' } }, cluster)).toBe(
      'abcdef00-1234-1234-1234-123456789abc',
    );
  });

  it('is found again by an object made anew, and differs between names, namespaces and clusters', () => {
    const uuid = (namespace: string, name: string, clusterUID = cluster) =>
      deviceUUID({ metadata: { name, namespace }, spec: {} }, clusterUID);
    expect(uuid('n', 'a')).toBe(uuid('n', 'a'));
    expect(new Set([uuid('n', 'a'), uuid('n', 'b'), uuid('m', 'a'), uuid('n', 'a', '9b2f0f60-0f0e-4a39-8a6e-3c1c1b5c7e11')]).size).toBe(4);
  });

  it('is any 8-4-4-4-12 hex digits but nil', () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        (uuid) =>
          isDeviceUUID(uuid) && isDeviceUUID(uuid.toUpperCase()) && !isDeviceUUID(`${uuid}0`) && !isDeviceUUID(uuid.replaceAll('-', '')),
      ),
    );
    expect(isDeviceUUID(nilUUID)).toBe(false);
    expect(isDeviceUUID('12345678-1234-1234-1234-123456789abc')).toBe(true);
  });
});
