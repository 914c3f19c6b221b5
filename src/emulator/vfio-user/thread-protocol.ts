/**
 * What the emulator's main thread, where the mdev core is, and the I/O thread, where the devices and their connections are, say to
 * each other. Calls are numbered by whoever makes them, in a number space of each direction's own.
 */
import type { Errno } from '../../lib/errno.ts';
import { ErrnoError } from '../../lib/errno.ts';
import type { User } from '../mdev/snapshot.ts';

/** How the thread is started. */
export interface ThreadData {
  /** Devices' sockets are `<runDir>/<uuid>.sock`; the folder exists, 0700. */
  readonly runDir: string;
  /** One int32: not 0 when the process ends. Set before the wake-up fd is written, it ends the thread's loop without a message. */
  readonly stop: SharedArrayBuffer;
}

export interface Refusal {
  readonly code: Errno;
  readonly message: string;
}

/** What is no refusal of the kernel's is a fault of the emulation: EIO. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof ErrnoError) return { code: error.code, message: error.message.slice(`${error.code}: `.length) };
  return { code: 'EIO', message: error instanceof Error ? error.message : String(error) };
}

export function fromRefusal({ code, message }: Refusal): ErrnoError {
  return new ErrnoError(code, message);
}

/** What one device's user has pinned; there is an entry for each device that is open. */
export interface DeviceUse {
  readonly uuid: string;
  readonly user: User;
  /** Pages that this device holds pinned. */
  readonly pages: number;
  /** Bytes accounted as locked to the user's process, for all its devices. */
  readonly lockedBytes: number;
  /** The process's RLIMIT_MEMLOCK; undefined where none holds it back: it is unlimited, or the process has CAP_IPC_LOCK. */
  readonly limitBytes: number | undefined;
}

/** A pin that the limit refused. */
export interface PinRefusal {
  /** Grows by one with each refusal of the device. */
  readonly number: number;
  readonly user: User;
  /** What the process had locked, what it may, and how much more it asked for, in bytes. */
  readonly lockedBytes: number;
  readonly limitBytes: number;
  readonly wantedBytes: number;
}

export type ToThread =
  /** Make the device of this model, and serve it. Answered by `done`. */
  | { readonly kind: 'serve'; readonly call: number; readonly uuid: string; readonly model: unknown }
  /** The device is unbound; nobody has it open. Answered by `done` when its socket is gone. */
  | { readonly kind: 'withdraw'; readonly call: number; readonly uuid: string }
  /** The answer to `open`: the device's readable attributes, or the kernel's refusal. */
  | { readonly kind: 'opened'; readonly call: number; readonly attributes: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly call: number; readonly refusal: Refusal }
  /** The answer to `release`: the device can be opened again. */
  | { readonly kind: 'released'; readonly call: number }
  /** Answered by `use`. */
  | { readonly kind: 'use'; readonly call: number }
  /** Ask the device's user to let go of it. */
  | { readonly kind: 'request'; readonly uuid: string }
  /** End all connections and the thread. */
  | { readonly kind: 'stop' };

export type FromThread =
  /** Once, first: the eventfd that wakes the thread. Whoever posts a message to it then adds 1 to it. */
  | { readonly kind: 'ready'; readonly wake: number }
  | { readonly kind: 'done'; readonly call: number; readonly refusal?: Refusal }
  | { readonly kind: 'use'; readonly call: number; readonly devices: readonly DeviceUse[] }
  /** A connection wants the device: have the core open it. Answered by `opened` or `refused`. */
  | { readonly kind: 'open'; readonly call: number; readonly uuid: string; readonly user: User }
  /** The open of that call is over. Answered by `released`. */
  | { readonly kind: 'release'; readonly call: number }
  /** The device's use is worth another look: opened, closed, a pin refused (the last one is told), pins doubled or halved. */
  | { readonly kind: 'changed'; readonly uuid: string; readonly refused?: PinRefusal }
  | { readonly kind: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string; readonly details: object };
