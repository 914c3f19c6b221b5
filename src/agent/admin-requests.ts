import type { DeviceController } from './device-controller.ts';
import type { DeviceStore } from './device-store.ts';
import type { RecordStore } from './record/record-store.ts';
import type { Answer, Request } from './requests.ts';

export interface AdminRequestsOptions {
  readonly records: RecordStore;
  readonly devices: DeviceStore;
  readonly controller: DeviceController;
}

function refused(message: string): Answer {
  return { done: false, message };
}

async function carryOut(uuid: string, { action }: Request, { records, devices }: AdminRequestsOptions): Promise<Answer> {
  const record = records.get(uuid);
  if (record === undefined) return refused(`This agent owns no device ${uuid}.`);
  const { namespace, name, uid } = record.object;
  if (devices.get(`${namespace}/${name}`)?.metadata.uid === uid)
    return refused(
      `The device ${uuid} belongs to MdevDevice ${namespace}/${name}: delete that (with reclaimPolicy Retain the device stays).`,
    );
  if (action === 'remove') {
    await records.put({ ...record, deletionSeen: true }, true);
    return { done: true, message: `The device ${uuid} is removed as soon as nobody has it open.` };
  }
  if (record.deletionSeen) return refused(`The device ${uuid} is being removed: it can no longer be released.`);
  await records.remove(uuid);
  return { done: true, message: `The device ${uuid} was released: it stays, and belongs to nobody here.` };
}

/** Does what an administrator asks for about a device without object; devices with one are decided about by their object. */
export async function handleRequest(uuid: string, request: Request, options: AdminRequestsOptions): Promise<Answer> {
  const { records, controller } = options;
  if (records.unreadable(uuid) !== undefined) {
    if (request.action === 'remove') return refused(`The record of ${uuid} cannot be read: release it, and remove the device by hand.`);
    await records.discardUnreadable(uuid);
    controller.onDevice(uuid);
    return { done: true, message: `The unreadable record of ${uuid} was thrown away: the device belongs to nobody here.` };
  }
  const owner = records.get(uuid)?.object;
  if (owner === undefined) return carryOut(uuid, request, options);
  const answer = await controller.inTurn(`${owner.namespace}/${owner.name}`, () => carryOut(uuid, request, options));
  controller.onDevice(uuid);
  return answer;
}
