import { describe, expect, it } from 'vitest';
import type { Pinned } from '../provider/contract.ts';
import { coarsePinned } from './pinned.ts';

function pinned(pages: number, limitBytes?: number): Pinned {
  return { pages, lockedBytes: pages * 4096, ...(limitBytes !== undefined && { limitBytes }) };
}

describe('pins in status', () => {
  it('stay as published while they are less than twice as many, and more than half', () => {
    for (const pages of [51, 100, 199]) expect(coarsePinned(pinned(100), pinned(pages))).toEqual(pinned(100));
  });

  it.each([50, 200, 0, 10_000])('are published anew when 100 pages become %i', (pages) => {
    expect(coarsePinned(pinned(100), pinned(pages))).toEqual(pinned(pages));
  });

  it('are published anew when there were none, or another limit holds', () => {
    expect(coarsePinned(undefined, pinned(0))).toEqual(pinned(0));
    expect(coarsePinned(pinned(0), pinned(1))).toEqual(pinned(1));
    expect(coarsePinned(pinned(100, 65536), pinned(100))).toEqual(pinned(100));
  });

  it('go with the user', () => {
    expect(coarsePinned(pinned(100), undefined)).toBeUndefined();
  });
});
