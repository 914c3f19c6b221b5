import type { MdevDevice } from '../../api/mdev-device.ts';
import { exportedDevice, type ExportedDevice } from './device.ts';
import type { ExportFormat } from './format.ts';

/** A file to be written, its path relative to the output folder. */
export interface ExportedFile {
  readonly path: string;
  readonly text: string;
}

export interface ExportPlan {
  readonly files: readonly ExportedFile[];
  /** A sentence for each device that cannot be exported. */
  readonly refusals: readonly string[];
  readonly notes: readonly string[];
  /** The nodes whose devices these are. */
  readonly nodes: readonly string[];
}

export interface ExportRequest {
  readonly devices: readonly MdevDevice[];
  /** The kernel's name of a parent, by the name of its MdevParent. */
  readonly kernelNames: ReadonlyMap<string, string>;
  readonly format: ExportFormat;
  /** Only devices of this node. */
  readonly node: string | undefined;
}

/** The files that stand for the devices. Of two devices that would be one file, the second is refused. */
export function planExport({ devices, kernelNames, format, node }: ExportRequest): ExportPlan {
  const files = new Map<string, string>();
  const refusals: string[] = [];
  const notes: string[] = [];
  const nodes = new Set<string>();

  function add(device: ExportedDevice): void {
    const path = format.path(device);
    const text = format.text(device);
    if (typeof text !== 'string') refusals.push(text.refusal);
    else if (files.has(path)) refusals.push(`mdevdevice ${device.object} has the UUID and parent of another (${path})`);
    else {
      files.set(path, text);
      if (device.node !== undefined) nodes.add(device.node);
      if (device.unsaid.length > 0)
        notes.push(`mdevdevice ${device.object}: left out, as the format cannot say it: ${device.unsaid.join(', ')}`);
      const note = format.note(device);
      if (note !== undefined) notes.push(note);
    }
  }

  for (const object of devices) {
    if (node !== undefined && (object.status?.allocation?.nodeName ?? object.spec.nodeName) !== node) continue;
    const device = exportedDevice(object, kernelNames);
    if ('refusal' in device) refusals.push(device.refusal);
    else add(device);
  }
  return { files: [...files].map(([path, text]) => ({ path, text })), refusals, notes, nodes: [...nodes].sort() };
}
