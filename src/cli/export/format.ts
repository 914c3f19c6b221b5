import type { ExportedDevice } from './device.ts';
import { libvirtDeviceName, libvirtName } from '../host-tools/libvirt-name.ts';
import { definitionText } from '../host-tools/mdevctl-definition.ts';

/** A way to write a device down for another program. */
export interface ExportFormat {
  /** The path of the device's file below the output folder. */
  path(device: ExportedDevice): string;
  /** The text; a refusal where the format cannot say it. */
  text(device: ExportedDevice): string | { readonly refusal: string };
  /** What a person should know of the text; a sentence, or none. */
  note(device: ExportedDevice): string | undefined;
}

/** mdevctl 1.2's definition files, started with their parent. */
const mdevctl: ExportFormat = {
  path: ({ parent, uuid }) => `${parent}/${uuid}`,
  text: (device) => definitionText(device, 'auto'),
  note: () => undefined,
};

/** What XML 1.0 has no way to say. */
const unsayable = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/** As the value of an attribute in single quotes, or as text. Tabs would else be read as spaces. */
function escaped(text: string): string {
  return text.replace(/[&<>'"\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** libvirt's node devices, for `virsh nodedev-define`. */
const libvirt: ExportFormat = {
  path: ({ parent, uuid }) => `${libvirtDeviceName(uuid, parent)}.xml`,
  text: ({ object, uuid, parent, typeID, attributes }) => {
    const bad = attributes.find(({ value }) => unsayable.test(value));
    if (bad !== undefined) return { refusal: `mdevdevice ${object}: XML cannot say the value of its attribute ${bad.name}` };
    return [
      '<device>',
      // libvirt names a new device itself, and so; its schema asks for the name.
      `  <name>${libvirtDeviceName(uuid, parent)}</name>`,
      `  <parent>${escaped(libvirtName(parent) ?? parent)}</parent>`,
      "  <capability type='mdev'>",
      `    <type id='${escaped(typeID)}'/>`,
      `    <uuid>${uuid}</uuid>`,
      ...attributes.map(({ name, value }) => `    <attr name='${escaped(name)}' value='${escaped(value)}'/>`),
      '  </capability>',
      '</device>',
    ].join('\n');
  },
  note: ({ object, parent }) =>
    libvirtName(parent) === undefined
      ? `mdevdevice ${object}: libvirt knows mdevs of PCI devices, s390 subchannels and the crypto matrix; it may refuse the parent ${parent}`
      : undefined,
};

export const exportFormats = { mdevctl, libvirt } as const;
