import type { User } from '../mdev/snapshot.ts';
import type { ContainerInit } from './container.ts';
import { Container } from './container.ts';
import type { GroupInit } from './group.ts';
import { GroupFile } from './group.ts';

/** The nodes of /dev/vfio, for users in the process of the mdev core. */
export interface VfioNodes {
  /** /dev/vfio/vfio */
  openContainer(): Container;
  /** /dev/vfio/<number>. @throws ErrnoError ENOENT there is no such group; EBUSY somebody has it, `user` itself included, or it is claimed */
  openGroup(number: number, user: User): GroupFile;
}

export function vfioNodes(init: GroupInit & ContainerInit): VfioNodes {
  return {
    openContainer: () => new Container(init),
    openGroup(number, user) {
      const handle = init.bus.openGroup(number, user, () => {
        file.gone();
      });
      const file = new GroupFile(handle, init);
      return file;
    },
  };
}
