import type { ParentOps } from '../mdev/driver.ts';

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
  of: (uuid: string) => Commitment,
  supportsOnline: boolean,
): Pick<ParentOps, 'setOnline' | 'open' | 'release'> {
  return {
    ...(supportsOnline && {
      setOnline: async ({ uuid }, online) => {
        of(uuid).online = online;
      },
    }),
    open: async ({ uuid }) => {
      of(uuid).open = true;
    },
    release: async ({ uuid }) => {
      of(uuid).open = false;
    },
  };
}
