import { v5 as uuidv5 } from 'uuid';
import { uuidText } from './patterns.ts';

export const nilUUID = '00000000-0000-0000-0000-000000000000';

/** Whether `text` is a UUID that a device may have: 8-4-4-4-12 hex digits of either case, any variant, not nil. */
export function isDeviceUUID(text: string): boolean {
  return uuidText.test(text) && text !== nilUUID;
}

interface Identified {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
  readonly spec: { readonly uuid?: string | undefined };
}

/**
 * The UUID that the device of `object` shall have, in lower case: `spec.uuid`, else the version 5 UUID of
 * "namespace/name" in the cluster's name space, so that a re-created object finds its UUID again.
 * @param clusterUID the UID of namespace kube-system, which stands for the cluster
 */
export function deviceUUID(object: Identified, clusterUID: string): string {
  return object.spec.uuid?.toLowerCase() ?? uuidv5(`${object.metadata.namespace ?? ''}/${object.metadata.name}`, clusterUID);
}
