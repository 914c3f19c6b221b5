import { describe, expect, it } from 'vitest';
import { allowsType, classSpecSchema } from './mdev-class.ts';

describe('allowsType', () => {
  const spec = (types?: object[]): Parameters<typeof allowsType>[0] => classSpecSchema.parse({ types });

  it('compares what the parent says of the type, by id or by name', () => {
    expect(allowsType(spec(), 'nvidia-11', undefined)).toBe(true);
    expect(allowsType(spec([]), 'nvidia-11', undefined)).toBe(false);
    expect(allowsType(spec([{ id: 'nvidia-12' }, { name: 'GRID *' }]), 'nvidia-11', 'GRID M60-0B')).toBe(true);
    expect(allowsType(spec([{ id: 'nvidia-12' }, { name: 'GRID *Q' }]), 'nvidia-11', 'GRID M60-0B')).toBe(false);
  });

  it('lets a type without name go by its id', () => {
    expect(allowsType(spec([{ name: 'mtty-*' }]), 'mtty-1', undefined)).toBe(true);
  });
});
