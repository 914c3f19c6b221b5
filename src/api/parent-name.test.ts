import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parentObjectName } from './parent-name.ts';

describe('the name of an MdevParent', () => {
  it('reads as node and parent', () => {
    expect(parentObjectName('node-1', '0000:86:00.0')).toMatch(/^node-1-0000-86-00\.0-[0-9a-f]{8}$/);
  });

  it('is a valid object name whatever the parent is called', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (parent) => {
        const name = parentObjectName('node-1', parent);
        return name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);
      }),
    );
  });

  it('keeps apart what would read the same', () => {
    expect(parentObjectName('a-b', 'c')).not.toBe(parentObjectName('a', 'b-c'));
    expect(parentObjectName('n', 'a:b')).not.toBe(parentObjectName('n', 'a-b'));
  });
});
