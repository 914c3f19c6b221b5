import { ProviderError } from './contract.ts';

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.:+-]*(\/[A-Za-z0-9_][A-Za-z0-9_.:+-]*)?$/;
const reserved = /^(remove|uevent|driver|power|subsystem|mdev_type|iommu_group|vfio-dev|device)(\/|$)/;

/**
 * Refuses what is no vendor attribute: paths that leave the device's directory, and the kernel's own files.
 * @throws ProviderError EINVAL at step `attribute`
 */
export function checkAttribute(name: string, value: string): void {
  if (!isVendorAttribute(name))
    throw new ProviderError('EINVAL', 'attribute', `Not an attribute of a device: ${JSON.stringify(name.slice(0, 255))}`);
  if (/[\0\n\r]/.test(value) || Buffer.byteLength(value) > 4095)
    throw new ProviderError('EINVAL', 'attribute', `The value of ${name} is not one line of at most 4095 bytes`);
}

/** Whether a name is one that a driver's own attribute may have, `group/name` included. */
export function isVendorAttribute(name: string): boolean {
  return namePattern.test(name) && !reserved.test(name) && name.split('/').every((element) => element.length <= 255);
}
