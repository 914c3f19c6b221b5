import type { MdevIdentity } from './mdev/driver.ts';
import type { DeviceUse, PinRefusal } from './vfio-user/thread-protocol.ts';

/** How the mdevs of a host are shown to programs that use them, such as a VMM. */
export interface DeviceExposure {
  /** Shows a device that is bound to vfio_mdev; resolves when it can be connected to. `model`: see `modelSpec`. @throws ErrnoError when it cannot be shown */
  serve(mdev: MdevIdentity, model: unknown): Promise<void>;
  /** Ends that; nobody has the device open. */
  withdraw(uuid: string): Promise<void>;
  /** Where the device is connected to, while it is shown. */
  socketPath(uuid: string): string | undefined;
  /** The devices that are open, with what they have pinned. */
  uses(): Promise<readonly DeviceUse[]>;
  /** The last pin that its user's limit refused, in the life of the device. */
  refusal(uuid: string): PinRefusal | undefined;
  /** Asks whoever has the device open to let go of it. */
  request(uuid: string): void;
  /** Calls `listener` with the UUID of a device whose use has changed, from now on; the returned function ends that. */
  subscribe(listener: (uuid: string) => void): () => void;
}
