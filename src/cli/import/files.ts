import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeviceUUID } from '../../api/device-uuid.ts';
import { isParentName, parseDefinition, type Definition } from '../host-tools/mdevctl-definition.ts';
import { UsageError } from '../usage-error.ts';

/** What was found in a folder of mdevctl's. */
export interface FoundDefinitions {
  /** Ordered by parent and UUID. */
  readonly definitions: readonly Definition[];
  /** A line for each file that is a definition by its name and cannot be used, or folder that cannot be read. */
  readonly refusals: readonly string[];
  /** The devices that such files are about, lower case. */
  readonly unusable: ReadonlySet<string>;
  /** A line for what is passed over, as mdevctl does. */
  readonly notes: readonly string[];
}

/** mdevctl's own scripts, beside the parents' folders. */
const scripts = 'scripts.d';
/** No definition comes near this, in bytes. */
const maxSize = 1 << 20;

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function readText(path: string): Promise<string> {
  const info = await stat(path);
  if (!info.isFile()) throw new Error('is not a regular file');
  if (info.size > maxSize) throw new Error(`is too big for a definition (${info.size} bytes)`);
  return readFile(path, 'utf8');
}

/**
 * Reads mdevctl's definitions, `<dir>/<parent>/<uuid>`. A file that cannot be used keeps none of the others back.
 * @throws UsageError when the folder itself cannot be read
 */
export async function readDefinitions(dir: string): Promise<FoundDefinitions> {
  const definitions: Definition[] = [];
  const refusals: string[] = [];
  const unusable = new Set<string>();
  const notes: string[] = [];

  function refuse(path: string, uuid: string, why: string): void {
    refusals.push(`${path}: ${why}`);
    unusable.add(uuid.toLowerCase());
  }

  async function readParent(parent: string): Promise<void> {
    const folder = join(dir, parent);
    for (const name of (await readdir(folder)).sort()) {
      const path = join(folder, name);
      if (!isDeviceUUID(name)) {
        notes.push(`${path}: passed over, its name is not the UUID of a device`);
        continue;
      }
      try {
        const definition = parseDefinition(parent, name, await readText(path));
        if ('refusal' in definition) refuse(path, name, definition.refusal);
        else if (definitions.some(({ parent: other, uuid }) => other === parent && uuid === definition.uuid))
          refuse(path, name, 'defines a device that another file defines, its name in other letter case');
        else definitions.push(definition);
      } catch (error) {
        refuse(path, name, reason(error));
      }
    }
  }

  const entries = await readdir(dir).catch((cause: unknown) => {
    throw new UsageError(`--mdevctl: cannot read ${dir}: ${reason(cause)}`, { cause });
  });
  for (const name of entries.filter((entry) => entry !== scripts).sort()) {
    const path = join(dir, name);
    try {
      if (!(await stat(path)).isDirectory()) notes.push(`${path}: passed over, it is not the folder of a parent`);
      else if (!isParentName(name)) refusals.push(`${path}: no parent has this name`);
      else await readParent(name);
    } catch (error) {
      refusals.push(`${path}: ${reason(error)}`);
    }
  }
  return { definitions, refusals, unusable, notes };
}
