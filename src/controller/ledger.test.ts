import { describe, expect, it } from 'vitest';
import { remaining } from './capacity.ts';
import type { Ledger } from './ledger.ts';
import { deviceNamed, parentNamed } from './testing/objects.ts';
import { situationOf } from './testing/situation.ts';

const small = { type: { id: 'small' } };
const pool = { sharing: 'Pooled', types: { small: [8, 8] } } as const;

function left(ledger: Ledger): number {
  const candidate = ledger.candidate('p');
  return candidate === undefined ? 0 : remaining(candidate.model, candidate.pending, 'small');
}

describe('Ledger', () => {
  const device = deviceNamed('a', small);

  it('counts a decision at once, and gives the place back when it comes to nothing', () => {
    const { ledger } = situationOf({ parents: [parentNamed('p', pool)], devices: [device] });
    expect(left(ledger)).toBe(8);
    ledger.assume(device, 'p', 'small');
    expect(left(ledger)).toBe(7);
    ledger.assume(device, 'p', 'small');
    expect(left(ledger)).toBe(7);
    ledger.forget(device.metadata.uid ?? '');
    expect(left(ledger)).toBe(8);
  });

  it('counts a device once while its decision, its object and its parent come to show it one after the other', () => {
    const { ledger, world } = situationOf({ parents: [parentNamed('p', pool)], devices: [device] });
    ledger.assume(device, 'p', 'small');
    const status = { allocation: { nodeName: 'n1', parentName: 'p', typeID: 'small' } };
    world.devices.upsert({ ...device, metadata: { ...device.metadata, resourceVersion: '2' }, status });
    ledger.invalidate('p');
    expect(left(ledger)).toBe(7);
    ledger.forget(device.metadata.uid ?? '');
    expect(left(ledger)).toBe(7);
    const devices = [{ uuid: world.uuidOf(device), typeID: 'small' }];
    world.parents.upsert(parentNamed('p', { sharing: 'Pooled', types: { small: [7, 8] }, devices, resourceVersion: '2' }));
    ledger.invalidate('p');
    expect(left(ledger)).toBe(7);
  });

  it('counts no decision about an object that was made anew', () => {
    const { ledger, world } = situationOf({ parents: [parentNamed('p', pool)], devices: [device] });
    ledger.assume(device, 'p', 'small');
    world.devices.upsert(deviceNamed('a', small, { uid: 'another' }));
    ledger.invalidate('p');
    expect(left(ledger)).toBe(8);
  });
});
