import { describe, expect, it, vi } from 'vitest';
import type { Uevent } from './uevents.ts';
import { Uevents } from './uevents.ts';

const event = { action: 'add', subsystem: 'mdev', devpath: '/devices/x', parent: 'p', uuid: 'u', env: {} } as const;

describe('uevents', () => {
  it('reach every subscriber in order and numbered, until it ends its subscription', () => {
    const uevents = new Uevents();
    const seen: Uevent[] = [];
    const end = uevents.subscribe((one) => seen.push(one));
    uevents.subscribe(() => undefined);
    uevents.emit(event);
    uevents.emit({ ...event, action: 'bind' });
    end();
    uevents.emit({ ...event, action: 'remove' });
    expect(seen.map(({ seqnum, action }) => [seqnum, action])).toEqual([
      [1, 'add'],
      [2, 'bind'],
    ]);
  });

  it('go on to the others when one subscriber throws, whose error is not lost', () => {
    const uevents = new Uevents();
    const error = new Error('a watcher fails');
    const queued = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => undefined);
    const seen: Uevent[] = [];
    uevents.subscribe(() => {
      throw error;
    });
    uevents.subscribe((one) => seen.push(one));
    uevents.emit(event);
    expect(seen).toHaveLength(1);
    expect(queued.mock.calls[0]?.[0]).toThrow(error);
    queued.mockRestore();
  });
});
