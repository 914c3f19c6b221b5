import { describe, expect, it } from 'vitest';
import { isOfMdev, parseUevent } from './uevent.ts';

const message = (...fields: readonly string[]): Uint8Array => Buffer.from(fields.map((field) => `${field}\0`).join(''));

describe('a uevent', () => {
  it('tells of an mdev that comes', () => {
    const event = parseUevent(
      message('add@/devices/virtual/mtty/mtty/u', 'ACTION=add', 'DEVPATH=/devices/virtual/mtty/mtty/u', 'SUBSYSTEM=mdev', 'SEQNUM=9'),
    );
    expect(event).toEqual({ action: 'add', devpath: '/devices/virtual/mtty/mtty/u', subsystem: 'mdev' });
    expect(event !== undefined && isOfMdev(event)).toBe(true);
  });

  it('tells of a parent that registers', () => {
    const event = parseUevent(
      message('change@/devices/x', 'ACTION=change', 'DEVPATH=/devices/x', 'SUBSYSTEM=mtty', 'MDEV_STATE=registered'),
    );
    expect(event).toMatchObject({ mdevState: 'registered' });
    expect(event !== undefined && isOfMdev(event)).toBe(true);
  });

  it('of anything else is none of ours, and what is no message of the kernel’s is none at all', () => {
    const event = parseUevent(message('add@/devices/y', 'ACTION=add', 'DEVPATH=/devices/y', 'SUBSYSTEM=block'));
    expect(event !== undefined && isOfMdev(event)).toBe(false);
    for (const bytes of [message('libudev', 'ACTION=add'), message('add@/x', 'ACTION=add'), new Uint8Array(0)])
      expect(parseUevent(bytes)).toBeUndefined();
  });
});
