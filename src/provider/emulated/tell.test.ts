import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { UeventAction } from '../../emulator/mdev/uevents.ts';
import type { ProviderEvent } from '../contract.ts';
import { EventQueue } from '../event-queue.ts';
import { tell } from './tell.ts';

/** What a watcher gets that takes each event as soon as it comes. */
async function told(action: UeventAction, uuid?: string): Promise<ProviderEvent[]> {
  const queue = new EventQueue();
  const abort = new AbortController();
  const events: ProviderEvent[] = [];
  const reading = (async () => {
    for await (const event of queue.drain(abort.signal)) events.push(event);
  })();
  tell(queue, { seqnum: 1, action, subsystem: 'mdev', devpath: '/devices/p', parent: 'p', ...(uuid !== undefined && { uuid }), env: {} });
  await setImmediate();
  await setImmediate();
  abort.abort();
  await reading;
  return events;
}

const device: ProviderEvent = { kind: 'device', id: 'd', parent: 'p' };
const parent: ProviderEvent = { kind: 'parent', parent: 'p' };

describe('uevents told to a watcher', () => {
  it('of a parent are of the parent', async () => {
    expect(await told('change')).toEqual([parent]);
  });

  it('of a device that comes or goes are of its parent too, whose counts change', async () => {
    for (const action of ['add', 'unbind', 'remove', 'online', 'offline'] as const)
      expect(await told(action, 'd')).toEqual([device, parent]);
  });

  it('of a change to a device are of the device alone', async () => {
    expect(await told('change', 'd')).toEqual([device]);
  });

  it('of a bind come again when the device has become live', async () => {
    expect(await told('bind', 'd')).toEqual([device, parent, device, parent]);
  });
});
