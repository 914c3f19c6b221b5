import type { ParentInit, ParentOps } from './mdev/driver.ts';
import { ccwDriver } from './drivers/ccw.ts';
import { gridDriver } from './drivers/grid.ts';
import { gvtDriver } from './drivers/gvt.ts';
import { matrixDriver } from './drivers/matrix.ts';
import { mttyDriver } from './drivers/mtty.ts';
import type { ProfileParent } from './profile.ts';

/** The kernel driver and the bus of each model. */
const kernelNames = {
  grid: { driver: 'nvidia', subsystem: 'pci' },
  gvt: { driver: 'i915', subsystem: 'pci' },
  mtty: { driver: 'mtty', subsystem: 'mtty' },
  ccw: { driver: 'vfio_ccw', subsystem: 'css' },
  matrix: { driver: 'vfio_ap', subsystem: 'matrix' },
} as const satisfies Record<ProfileParent['model'], { driver: string; subsystem: string }>;

/** What a parent of the profile is registered with: its names, and a driver with fresh, empty hardware. */
export function parentInit(parent: ProfileParent): ParentInit {
  const { name, vendorID, deviceID, numaNode } = parent;
  return {
    ...kernelNames[parent.model],
    ...(parent.driver !== undefined && { driver: parent.driver }),
    name,
    ...(vendorID !== undefined && { vendorID }),
    ...(deviceID !== undefined && { deviceID }),
    ...(numaNode !== undefined && { numaNode }),
    ops: driverOf(parent),
  };
}

function driverOf(parent: ProfileParent): ParentOps {
  switch (parent.model) {
    case 'grid':
      return gridDriver(parent);
    case 'gvt':
      return gvtDriver(parent);
    case 'mtty':
      return mttyDriver(parent);
    case 'ccw':
      return ccwDriver(parent);
    case 'matrix':
      return matrixDriver(parent);
  }
}
