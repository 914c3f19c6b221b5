import type { IRQInit } from '../../vfio/model.ts';

/** VFIO_PCI_*_IRQ_INDEX of linux/vfio.h. */
export const irqIndex = { intx: 0, msi: 1, msix: 2, error: 3, request: 4 } as const;

const none: IRQInit = { count: 0, eventfd: true, maskable: false, automasked: false, noResize: true };

/** One level-triggered INTx, which VFIO masks when it signals, and the error and request interrupts; no MSI and MSI-X. */
export const pciIRQs: readonly IRQInit[] = [
  { count: 1, eventfd: true, maskable: true, automasked: true, noResize: false },
  none,
  none,
  // Nothing here breaks in a way that it tells; without it VMMs warn that they cannot be told.
  { ...none, count: 1 },
  { ...none, count: 1 },
];
