import { describe, expect, it } from 'vitest';
import { hasCapability, softLimit } from './proc-text.ts';

const limits = `Limit                     Soft Limit           Hard Limit           Units
Max locked memory         8388608              unlimited            bytes
Max open files            unlimited            1048576              files
`;

describe('the text of /proc', () => {
  it('tells soft limits, and that there is none', () => {
    expect(softLimit(limits, 'Max locked memory')).toBe(8_388_608);
    expect(softLimit(limits, 'Max open files')).toBe(Infinity);
    expect(softLimit('', 'Max open files')).toBe(Infinity);
  });

  it('tells capabilities that are in effect, not those that may be', () => {
    const status = 'Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000004000\n';
    expect(hasCapability(status, 'ipcLock')).toBe(true);
    expect(hasCapability(status, 'sysPtrace')).toBe(false);
    expect(hasCapability('', 'ipcLock')).toBe(false);
  });
});
