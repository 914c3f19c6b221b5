import type { Device } from '../../provider/contract.ts';
import type { DefinedDevice, Definition } from '../host-tools/mdevctl-definition.ts';

/** What import has found on a node. */
export interface Found {
  readonly live: readonly Device[];
  readonly definitions: readonly Definition[];
  /** UUIDs of which there is a definition that cannot be used. */
  readonly unusable: ReadonlySet<string>;
  /** Who owns a device of ours, by its UUID. */
  readonly owners: ReadonlyMap<string, string>;
}

/** A device to be printed. */
export interface ImportedDevice extends DefinedDevice {
  /** True for a live device, which is taken over; false for one that is to be made. */
  readonly adopt: boolean;
  /** What stands above the document. */
  readonly comment: string;
  /** Whether the document is printed as a comment, so that applying the whole does nothing about it. */
  readonly withheld: boolean;
}

export interface ImportPlan {
  /** Ordered by parent and UUID. */
  readonly devices: readonly ImportedDevice[];
  /** What a person should know besides. */
  readonly notes: readonly string[];
}

/** Where the definition is, below the folder of definitions. */
function place({ parent, uuid }: DefinedDevice): string {
  return `${parent}/${uuid}`;
}

function byPlace(a: DefinedDevice, b: DefinedDevice): number {
  return place(a) < place(b) ? -1 : 1;
}

/** One live device, with what its definition adds; withheld if that is unknown, since attributes cannot be changed later. */
function planLive({ id: uuid, parent, typeID }: Device, definitions: readonly Definition[], unusable: boolean): ImportedDevice {
  const device = { uuid, parent, typeID, adopt: true, withheld: unusable };
  const own = definitions.find((definition) => definition.parent === parent && definition.typeID === typeID);
  if (own !== undefined)
    return { ...device, attributes: own.attributes, comment: `Live, and defined in ${place(own)} (start: ${own.start}).` };
  if (unusable) return { ...device, attributes: [], comment: 'Live, but its definition cannot be used: mend that, or uncomment this.' };
  const [other] = definitions;
  const comment = other === undefined ? 'Live, not defined.' : `Live; the definition ${place(other)} says ${other.typeID} and is not used.`;
  return { ...device, attributes: [], comment };
}

/** The definitions of one UUID of which no device is live: one at most can be made. */
function planMissing(definitions: readonly Definition[], includeManual: boolean): ImportedDevice[] {
  const chosen = definitions.find(({ start }) => start === 'auto') ?? (includeManual ? definitions[0] : undefined);
  return definitions.map(({ uuid, parent, typeID, attributes, start }) => {
    const device = { uuid, parent, typeID, attributes, adopt: false };
    const defined = `Defined in ${parent}/${uuid} (start: ${start}), not live`;
    if (chosen?.parent === parent) return { ...device, withheld: false, comment: `${defined}: it is made when this is applied.` };
    const why =
      chosen === undefined ? 'made only when somebody starts it. To have it made, uncomment this.' : `${place(chosen)} has the same UUID.`;
    return { ...device, withheld: true, comment: `${defined}: ${why}` };
  });
}

/**
 * What is printed for the devices of a node that are not ours yet. A live device is adopted, as it is: its own type and parent count,
 * and its definition's attributes if that says the same; withheld if the definition cannot be used. A defined device that is not live is made if mdevctl would make it at
 * boot (`start: auto`); one that mdevctl would not make is withheld, unless `includeManual`.
 */
export function planImport({ live, definitions, unusable, owners }: Found, includeManual: boolean): ImportPlan {
  const notes: string[] = [];
  const uuids = new Set([...live.map(({ id }) => id), ...definitions.map(({ uuid }) => uuid)]);
  const devices = [...uuids].flatMap((uuid) => {
    const owner = owners.get(uuid);
    if (owner !== undefined) {
      notes.push(`${uuid} is left out: it is ours already (${owner})`);
      return [];
    }
    const defined = definitions.filter((definition) => definition.uuid === uuid);
    const device = live.find(({ id }) => id === uuid);
    if (device === undefined) return planMissing(defined, includeManual);
    if (device.state === 'live') return [planLive(device, defined, unusable.has(uuid))];
    notes.push(
      `${uuid} is left out: it is ${device.state === 'creating' ? 'being created' : 'being removed'}; import again when that is done`,
    );
    return [];
  });
  return { devices: devices.sort(byPlace), notes };
}
