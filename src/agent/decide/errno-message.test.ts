import { describe, expect, it } from 'vitest';
import { reasons } from '../../api/reasons.ts';
import { errnoNumbers, type Errno } from '../../lib/errno.ts';
import { ProviderError, type ProviderStep } from '../../provider/contract.ts';
import { explain } from './errno-message.ts';

const steps: ProviderStep[] = ['connect', 'list', 'create', 'claim', 'remove', 'attribute', 'online', 'group', 'users'];

describe('explain', () => {
  it.each([
    ['create', 'ENOSPC', 'NoCapacity'],
    ['create', 'EUSERS', 'NoCapacity'],
    ['create', 'ENODEV', 'ParentLeaving'],
    ['create', 'ENOENT', 'UnknownType'],
    ['create', 'EACCES', 'PermissionDenied'],
    ['create', 'EROFS', 'PermissionDenied'],
    ['create', 'ETIMEDOUT', 'KernelBlocked'],
    ['claim', 'EBUSY', 'Removing'],
    ['claim', 'ENOENT', 'PermissionDenied'],
    ['claim', 'EACCES', 'PermissionDenied'],
    ['remove', 'EROFS', 'PermissionDenied'],
    ['remove', 'ENOENT', 'Unremovable'],
    ['attribute', 'EINVAL', 'AttributeFailed'],
    ['attribute', 'ETIMEDOUT', 'KernelBlocked'],
    ['group', 'EBUSY', 'GroupFailed'],
    ['connect', 'EIO', 'ProviderUnavailable'],
  ] as const)('at step %s takes %s for %s', (step, code, reason) => {
    expect(explain(new ProviderError(code, step, 'so the kernel says')).reason).toBe(reason);
  });

  it("gives every errno at every step a known reason, a sentence and the kernel's own words", () => {
    for (const step of steps) {
      for (const code of Object.keys(errnoNumbers) as Errno[]) {
        const { reason, message } = explain(new ProviderError(code, step, 'so the kernel says'));
        expect(Object.keys(reasons.Created)).toContain(reason);
        expect(message).toMatch(/^[A-Z].*[.:] .*\((\w+): \w+: so the kernel says\)$/);
      }
    }
  });

  it('does not repeat an errno that the words begin with', () => {
    expect(explain(new ProviderError('ENOSPC', 'create', 'ENOSPC: full')).message).toContain('(create: ENOSPC: full)');
  });
});
