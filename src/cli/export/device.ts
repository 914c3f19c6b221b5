import { isDeviceUUID } from '../../api/device-uuid.ts';
import type { MdevDevice } from '../../api/mdev-device.ts';
import { fileName } from '../../api/patterns.ts';
import type { DefinedDevice } from '../host-tools/mdevctl-definition.ts';

/** An MdevDevice as a definition can say it. */
export interface ExportedDevice extends DefinedDevice {
  /** namespace/name of the MdevDevice. */
  readonly object: string;
  /** The node that it is on or shall be on, where that is known. */
  readonly node?: string;
  /** Fields of the MdevDevice that no definition can say. */
  readonly unsaid: readonly string[];
}

/**
 * What a definition of the device says: what was made where there is a status, what shall be made where the spec tells it all.
 * @param kernelNames the kernel's name of a parent, by the name of its MdevParent
 */
export function exportedDevice(
  { metadata, spec, status }: MdevDevice,
  kernelNames: ReadonlyMap<string, string>,
): ExportedDevice | { readonly refusal: string } {
  const object = `${metadata.namespace ?? 'default'}/${metadata.name}`;
  const refuse = (why: string): { refusal: string } => ({ refusal: `mdevdevice ${object} ${why}` });
  if (metadata.deletionTimestamp !== undefined) return refuse('is being deleted');
  const uuid = (status?.uuid ?? spec.uuid)?.toLowerCase();
  if (uuid === undefined) return refuse('has no UUID: neither status.uuid (it is not made yet) nor spec.uuid');
  if (!isDeviceUUID(uuid)) return refuse(`has a UUID that no device may have (${JSON.stringify(uuid)})`);
  const allocation = status?.allocation;
  const parent = allocation === undefined ? spec.parent?.name : (kernelNames.get(allocation.parentName) ?? spec.parent?.name);
  if (parent === undefined)
    return refuse(
      allocation === undefined
        ? 'has no parent: it is not allocated yet, and spec.parent.name says none'
        : `is allocated to mdevparent ${allocation.parentName}, which is not there to tell the kernel's name of the parent`,
    );
  const typeID = allocation?.typeID ?? spec.type.id;
  if (typeID === undefined) return refuse('has no type id: it is not allocated yet, and spec.type.id says none');
  if (!fileName.test(typeID)) return refuse(`has a type id that no type may have (${JSON.stringify(typeID)})`);
  const node = allocation?.nodeName ?? spec.nodeName;
  const unsaid = [
    ...(spec.params === undefined ? [] : ['params']),
    ...(spec.group === undefined ? [] : ['group']),
    ...(spec.online ? [] : ['online: false']),
  ];
  return { object, uuid, parent, typeID, attributes: spec.attributes ?? [], unsaid, ...(node !== undefined && { node }) };
}
