import { watch } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Logger } from 'pino';
import { sleep, type Clock } from '../../lib/clock.ts';
import type { EventQueue } from '../event-queue.ts';
import { isDeviceID } from '../device-id.ts';
import type { SysfsLayout } from './layout.ts';
import type { UeventListener } from './uevents/listener.ts';
import { listenForUevents } from './uevents/listener.ts';
import type { Uevent } from './uevents/uevent.ts';

export interface WatchInit {
  readonly layout: SysfsLayout;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where uevents cannot be heard, everything is looked at anew so often, ms. */
  readonly relist: number;
  /** As `listenForUevents`. */
  readonly listen?: typeof listenForUevents;
}

/** Tells `queue` of changes, from now on and until `signal` aborts. Resolves once it does. */
export async function startWatching(init: WatchInit, queue: EventQueue, signal: AbortSignal): Promise<UeventListener | undefined> {
  const { listen = listenForUevents, log, relist } = init;
  try {
    const listener = await listen((events, lost) => {
      if (lost) queue.push({ kind: 'sync' });
      for (const event of events) tell(queue, event);
    });
    void listener.ended.then(() => {
      if (!signal.aborted) fallBack(init, queue, signal);
    });
    return listener;
  } catch (err) {
    log.warn({ err, relist }, 'uevents cannot be heard: /dev/vfio is watched, and everything looked at anew from time to time');
    fallBack(init, queue, signal);
    return undefined;
  }
}

/** Counts change with a device that comes or goes, and nobody tells of them. */
function tell(queue: EventQueue, { subsystem, devpath }: Uevent): void {
  const name = basename(devpath);
  if (subsystem !== 'mdev') queue.push({ kind: 'parent', parent: name });
  else if (isDeviceID(name)) {
    const parent = basename(dirname(devpath));
    queue.push({ kind: 'device', id: name, parent });
    queue.push({ kind: 'parent', parent });
  }
}

/** sysfs tells nobody of changes; nodes of groups come and go in /dev/vfio, and the rest is looked at every so often. */
function fallBack(init: WatchInit, queue: EventQueue, signal: AbortSignal): void {
  const { log } = init;
  void Promise.all([watchNodes(init, queue, signal), relistNow(init, queue, signal)]).catch((err: unknown) => {
    if (!signal.aborted) log.error({ err }, 'changes on the node are no longer noticed');
  });
}

async function relistNow({ clock, relist }: WatchInit, queue: EventQueue, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(clock, relist, signal);
    queue.push({ kind: 'sync' });
  }
}

async function watchNodes({ layout, log }: WatchInit, queue: EventQueue, signal: AbortSignal): Promise<void> {
  try {
    for await (const { filename } of watch(layout.vfio, { signal })) if (filename !== null) queue.push({ kind: 'sync' });
  } catch (err) {
    // There is no such folder before the first device, or it may not be watched.
    if (!signal.aborted) log.debug({ err }, '/dev/vfio cannot be watched');
  }
}
