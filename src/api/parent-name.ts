import { createHash } from 'node:crypto';

/**
 * The name of the MdevParent object of `parent` on `nodeName`: `<node>-<parent as a valid name>-<hash of both>`.
 * The hash keeps apart what the substitution of characters would make equal. At most 253 characters.
 */
export function parentObjectName(nodeName: string, parent: string): string {
  const hash = createHash('sha256').update(`${nodeName}\n${parent}`).digest('hex').slice(0, 8);
  const readable = `${nodeName}-${parent}`
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/\.+(?=-|\.|$)|(?<=-)\.+/g, '-')
    .slice(0, 253 - hash.length - 1)
    .replace(/[^a-z0-9]+$/, '');
  return `${readable}-${hash}`;
}
