import { ProviderError, type MdevProvider } from '../provider/contract.ts';
import type { Action, Desired, Observed, RemoveReason } from './decide/types.ts';
import type { RecordWriter } from './record/record-store.ts';
import type { OwnershipRecord } from './record/record.ts';

/** What actions are carried out on. */
export interface Ports {
  readonly records: RecordWriter;
  readonly provider: Pick<MdevProvider, 'info' | 'getDevice' | 'create' | 'remove' | 'setAttribute' | 'setOnline' | 'setGroup'>;
  /** Takes our finalizer off the object. */
  removeFinalizer(signal: AbortSignal): Promise<void>;
}

/** Errors after which nobody knows what the kernel has done. */
function isVague(error: unknown): boolean {
  return !(error instanceof ProviderError) || error.step === 'connect' || error.code === 'ETIMEDOUT' || error.code === 'EIO';
}

function freshRecord(desired: Desired, parent: string, bootID: string): OwnershipRecord {
  return {
    version: 1,
    uuid: desired.uuid,
    object: desired.object,
    parent,
    typeID: desired.typeID,
    ...(desired.params === undefined ? {} : { params: desired.params }),
    ...(desired.group === undefined ? {} : { group: desired.group }),
    bootID,
    reclaimPolicy: desired.reclaimPolicy,
    step: 'creating',
    attributes: { total: desired.attributes.length, written: 0, writing: false, digest: desired.digest },
    adopted: false,
    deletionSeen: false,
  };
}

/** `record` after its next `written` attributes; the last one makes it ready. */
function progressed(record: OwnershipRecord, written: number): OwnershipRecord {
  const step = written >= record.attributes.total ? 'ready' : 'attributes';
  return { ...record, step, attributes: { ...record.attributes, written, writing: false } };
}

async function create(desired: Desired, observed: Observed, ports: Ports, signal: AbortSignal): Promise<void> {
  const { parent, typeID, params, uuid } = desired;
  if (parent === undefined) throw new Error(`Cannot create ${uuid}: its parent is not known`);
  const tried = observed.record?.step === 'creating' && observed.record.bootID === observed.bootID;
  const record = freshRecord(desired, parent, observed.bootID);
  await ports.records.put(record, true);
  try {
    // Bound to the boot that the record names: made in another one, the device could not be told from a foreign one.
    await ports.provider.create({ id: uuid, parent, typeID, bootID: record.bootID, ...(params === undefined ? {} : { params }) }, signal);
  } catch (error) {
    // An earlier try whose outcome is not known may be what exists: then the record must stay.
    const perhapsOurs = tried && error instanceof ProviderError && error.code === 'EEXIST';
    if (!isVague(error) && !perhapsOurs) await ports.records.remove(uuid);
    throw error;
  }
  // Whoever finds the older record beside the device settles it; the status does not have to wait.
  ports.records.putSoon(progressed(record, 0));
}

async function writeAttribute(index: number, desired: Desired, record: OwnershipRecord, ports: Ports, signal: AbortSignal): Promise<void> {
  const attribute = desired.attributes[index];
  if (attribute === undefined) throw new Error(`Cannot write attribute ${index} of ${record.uuid}: the object has no such attribute`);
  await ports.records.put({ ...record, step: 'attributes', attributes: { ...record.attributes, writing: true } }, true);
  await ports.provider.setAttribute(record.uuid, attribute.name, attribute.value, signal);
  await ports.records.put(progressed(record, index + 1), false);
}

async function remove(why: RemoveReason, record: OwnershipRecord, ports: Ports, signal: AbortSignal): Promise<void> {
  const deletionSeen = record.deletionSeen || why === 'deleted';
  if (record.step !== 'removing' || record.deletionSeen !== deletionSeen) {
    await ports.records.put({ ...record, step: 'removing', deletionSeen }, true);
  }
  try {
    await ports.provider.remove(record.uuid, signal);
  } catch (error) {
    if (!(error instanceof ProviderError) || (error.code !== 'ENOENT' && error.code !== 'ENODEV')) throw error;
    // Somebody else was faster; but a device that is there and cannot be removed must not look like success.
    const device = await ports.provider.getDevice(record.uuid, signal);
    if (device?.state === 'live') throw error;
    return;
  }
  await ports.records.remove(record.uuid);
}

function recordOf(observed: Observed, action: Action): OwnershipRecord {
  if (observed.record === undefined) throw new Error(`Cannot ${action.kind}: there is no ownership record`);
  return observed.record;
}

function desiredOf(desired: Desired | undefined, action: Action): Desired {
  if (desired === undefined) throw new Error(`Cannot ${action.kind}: there is no object`);
  return desired;
}

/**
 * Carries out one action, the record always before the act. Killed at any point it leaves what `decide` can go on from.
 * @throws ProviderError (the kernel refused), RecordError (nothing was touched), or what taking off the finalizer throws
 */
export async function perform(
  action: Action,
  desired: Desired | undefined,
  observed: Observed,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  switch (action.kind) {
    case 'none':
    case 'wait':
      return;
    case 'create':
      return create(desiredOf(desired, action), observed, ports, signal);
    case 'settle':
      return ports.records.put(progressed(recordOf(observed, action), 0), false);
    case 'writeAttribute':
      return writeAttribute(action.index, desiredOf(desired, action), recordOf(observed, action), ports, signal);
    case 'setGroup':
      return ports.provider.setGroup(action.ids, signal);
    case 'setOnline':
      return ports.provider.setOnline(desiredOf(desired, action).uuid, action.online, signal);
    case 'remove':
      return remove(action.why, recordOf(observed, action), ports, signal);
    case 'forget':
      return ports.records.remove(recordOf(observed, action).uuid);
    case 'adopt': {
      const wanted = desiredOf(desired, action);
      if (observed.device === undefined) throw new Error(`Cannot adopt ${wanted.uuid}: it is not there`);
      const record = freshRecord(wanted, observed.device.parent, observed.bootID);
      return ports.records.put({ ...progressed(record, record.attributes.total), adopted: true }, true);
    }
    case 'takeOver': {
      const { object, reclaimPolicy } = desiredOf(desired, action);
      return ports.records.put({ ...recordOf(observed, action), object, reclaimPolicy }, true);
    }
    case 'keep': {
      const { attributes, ...rest } = recordOf(observed, action);
      const step = attributes.written >= attributes.total ? 'ready' : 'attributes';
      return ports.records.put({ ...rest, attributes, step, deletionSeen: false }, true);
    }
    case 'removeFinalizer':
      return ports.removeFinalizer(signal);
  }
}
