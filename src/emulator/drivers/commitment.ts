import type { MdevIdentity, ParentOps } from '../mdev/driver.ts';

/** Why the resources of a device are committed: by the explicit form, by the implicit one, or both. */
export interface Commitment {
  online: boolean;
  open: boolean;
}

/** Whether the device's resources are committed, as an attribute shows it. */
export function showCommitment({ online, open }: Commitment): string {
  return online || open ? 'committed' : 'free';
}

/** The callbacks that keep a device's commitment: `online` where the parent supports it, open and release always. */
export function commitmentOps(
  of: (mdev: MdevIdentity) => Commitment,
  supportsOnline: boolean,
): Pick<ParentOps, 'setOnline' | 'open' | 'release'> {
  return {
    ...(supportsOnline && {
      setOnline: async (mdev, online) => {
        of(mdev).online = online;
      },
    }),
    open: async (mdev) => {
      of(mdev).open = true;
    },
    release: async (mdev) => {
      of(mdev).open = false;
    },
  };
}
