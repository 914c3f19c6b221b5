import { Document, visit } from 'yaml';
import { apiVersion, resources } from '../../api/group.ts';
import { uuidText } from '../../api/patterns.ts';
import type { ImportedDevice } from './plan.ts';

/** What import is told about the objects to be. */
export interface Target {
  readonly namespace: string;
  readonly nodeName: string;
}

/** The name of the object: of one UUID always the same, of two never. */
export function objectName(uuid: string): string {
  return `mdev-${uuid}`;
}

/** The MdevDevice that stands for the device. */
export function importedObject(device: ImportedDevice, { namespace, nodeName }: Target): object {
  const { uuid, parent, typeID, attributes, adopt } = device;
  return {
    apiVersion,
    kind: resources.mdevDevice.kind,
    metadata: { name: objectName(uuid), namespace },
    spec: {
      uuid,
      type: { id: typeID },
      nodeName,
      parent: { name: parent },
      ...(attributes.length > 0 && { attributes }),
      ...(adopt && { adopt }),
      reclaimPolicy: 'Retain',
    },
  };
}

/** Words that some reader of YAML 1.1 takes for something else: the last for a number without digits before its exponent. */
const notText = /^(y|n|yes|no|on|off|true|false|null|e[0-9]+)$/i;

/** Whether every YAML, 1.1 as kubectl reads it or 1.2, takes this word for text as it stands. */
function isPlain(text: string): boolean {
  return uuidText.test(text) || (/^[A-Za-z][A-Za-z0-9._/-]*$/.test(text) && !notText.test(text));
}

/** Characters that a YAML 1.1 reader refuses, or takes for the end of a line. They are in quoted values only. */
const unprintable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

function documentText(device: ImportedDevice, target: Target): string {
  const document = new Document(importedObject(device, target));
  if (document.contents !== null) document.contents.commentBefore = ` ${device.comment}`;
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && !isPlain(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document
    .toString({ lineWidth: 0 })
    .trimEnd()
    .replace(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The devices as YAML documents, each with a line `---` above it. With `# ` taken away, a withheld one is as the others. */
export function importedYAML(devices: readonly ImportedDevice[], target: Target): string {
  return devices
    .map((device) => {
      const text = `---\n${documentText(device, target)}`;
      return device.withheld ? text.replace(/^/gm, '# ') : text;
    })
    .join('\n');
}
