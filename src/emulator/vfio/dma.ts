/** What whoever opens a device file maps its memory with: see Type1.map of `DeviceFile.dma`. */
export type { MapRequest } from '../iommu/type1.ts';
export type { Memory } from '../iommu/memory.ts';
export type { LockedAccount, Task } from '../iommu/task.ts';
export { isPageAligned, pageSize } from '../iommu/page.ts';
