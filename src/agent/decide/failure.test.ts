import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../provider/contract.ts';
import { failureConditions } from './failure.ts';
import { desiredDevice, device, observed, record } from './fixtures.ts';

const attributes = [
  { name: 'vendor/level', value: '1' },
  { name: 'vendor/mode', value: 'fast' },
];
const desired = desiredDevice({ attributes });
const action = { kind: 'writeAttribute', index: 1 } as const;

describe('an attribute that failed', () => {
  it('is named, with its place in the list and what became of the device', () => {
    const [created] = failureConditions(action, new ProviderError('EINVAL', 'attribute', 'refused'), desired, observed());
    expect(created).toMatchObject({ type: 'Created', status: 'False', reason: 'AttributeFailed' });
    expect(created?.message).toMatch(/^Attribute vendor\/mode \(number 2\): .*EINVAL.* The device was rolled back\.$/);
  });

  it('is not said to be rolled back, nor refused, where the kernel has not answered', () => {
    const after = observed({ record: record(), device: device({ blockedSince: '2026-01-01T00:00:00Z' }) });
    const [created] = failureConditions(action, new ProviderError('ETIMEDOUT', 'attribute', 'not answered'), desired, after);
    expect(created).toMatchObject({ type: 'Created', status: 'False', reason: 'KernelBlocked' });
    expect(created?.message).toContain('Attribute vendor/mode (number 2): The kernel has not answered');
    expect(created?.message).not.toContain('rolled back');
  });
});
