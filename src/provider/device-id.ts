import { ProviderError, type ProviderStep } from './contract.ts';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const nil = '00000000-0000-0000-0000-000000000000';

/**
 * The device id that `text` stands for: a UUID in lower case. Stricter than the kernel, which takes a 37th character and the nil UUID.
 * @throws ProviderError EINVAL
 */
export function parseDeviceID(text: string, step: ProviderStep): string {
  if (!isDeviceID(text)) throw new ProviderError('EINVAL', step, `Not a UUID a device may have: ${JSON.stringify(text.slice(0, 64))}`);
  return text.toLowerCase();
}

/** Whether a device may have this id; upper case passes. */
export function isDeviceID(text: string): boolean {
  return uuidPattern.test(text) && text !== nil;
}
