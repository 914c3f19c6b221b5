import { ManualClock } from '../../lib/manual-clock.ts';
import { MdevBus } from '../mdev/bus.ts';
import { vfioMdev } from '../mdev/driver.ts';
import type { KernelReport } from '../mdev/snapshot.ts';
import type { Uevent } from '../mdev/uevents.ts';
import { SlotDriver } from './slot-driver.ts';

/** A bus with the default bus driver and two parents, `slots` and `other`, all of whose reports and uevents are kept. */
export interface Rig {
  readonly bus: MdevBus;
  readonly clock: ManualClock;
  readonly driver: SlotDriver;
  readonly other: SlotDriver;
  readonly reports: KernelReport[];
  readonly events: Uevent[];
  readonly power: AbortController;
  /** The events' actions since the last call, a parent's with its state. */
  readonly actions: () => string[];
}

export function rig(options: { readonly removeWhileOpen?: 'block' | 'refuse'; readonly requiresGroup?: boolean } = {}): Rig {
  const clock = new ManualClock();
  const reports: KernelReport[] = [];
  const events: Uevent[] = [];
  const power = new AbortController();
  const bus = new MdevBus({ clock, report: (report) => reports.push(report), power: power.signal });
  bus.registerDriver(vfioMdev);
  const driver = new SlotDriver();
  const other = new SlotDriver();
  bus.registerParent(driver.init('slots', { removeWhileOpen: options.removeWhileOpen ?? 'block' }, options.requiresGroup));
  bus.registerParent(other.init('other'));
  bus.uevents.subscribe((event) => events.push(event));
  let seen = 0;
  return {
    bus,
    clock,
    driver,
    other,
    reports,
    events,
    power,
    actions() {
      const fresh = events
        .slice(seen)
        .map(({ action, env }) => (env['MDEV_STATE'] === undefined ? action : `${action} ${env['MDEV_STATE']}`));
      seen = events.length;
      return fresh;
    },
  };
}

/** A UUID whose last digit is `digit`. */
export function uuidOf(digit: number): string {
  return `12345678-1234-1234-1234-12345678900${digit}`;
}

/** Lets everything that can go on do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** `ok`, or the errno's name that the operation is refused with; any other error is thrown on. */
export async function answerOf(operation: Promise<unknown>): Promise<string> {
  try {
    await operation;
    return 'ok';
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
    throw error;
  }
}
