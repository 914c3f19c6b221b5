import { setImmediate } from 'node:timers';
import type { Uevent } from '../../emulator/mdev/uevents.ts';
import type { EventQueue } from '../event-queue.ts';

/**
 * Tells a watcher what a uevent of the emulated kernel means to it. The kernel says nothing when counts change: they do when a
 * device comes or goes, so these tell of the parent too.
 */
export function tell(queue: EventQueue, uevent: Uevent): void {
  const { uuid, parent, action } = uevent;
  if (uuid === undefined) {
    queue.push({ kind: 'parent', parent });
    return;
  }
  const push = (): void => {
    queue.push({ kind: 'device', id: uuid, parent });
    if (action !== 'change') queue.push({ kind: 'parent', parent });
  };
  push();
  // The device turns live just after `bind`, which is announced by nothing further.
  if (action === 'bind') setImmediate(push);
}

/** Tells a watcher that a device was opened or closed, or that what it pins has changed much. Counts do not change by that. */
export function tellUse(queue: EventQueue, id: string, parent: string | undefined): void {
  queue.push({ kind: 'device', id, ...(parent !== undefined && { parent }) });
}
