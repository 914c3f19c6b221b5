import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attribute } from '../contract.ts';
import { isVendorAttribute } from '../attribute-name.ts';
import { isDenied, names, readText } from './files.ts';

/** Readable by its owner. */
const readable = 0o400;
/** What says more of this process than of the attribute. */
const ours: readonly unknown[] = ['EMFILE', 'ENFILE', 'ENOMEM'];

/**
 * The attributes of the driver's own in a device's folder, and in the groups of them that are folders there. One whose reading the
 * driver answers with an error is left out.
 */
export async function readAttributes(folder: string): Promise<Attribute[]> {
  const entries = (await names(folder)).filter(isVendorAttribute).sort();
  const found = await Promise.all(entries.map((name) => readEntry(folder, name, true)));
  return found.flat();
}

async function readEntry(folder: string, name: string, mayBeGroup: boolean): Promise<Attribute[]> {
  const path = join(folder, name);
  let stats;
  try {
    stats = await stat(path);
  } catch {
    // It went meanwhile, as sysfs files do.
    return [];
  }
  if (stats.isDirectory()) {
    if (!mayBeGroup) return [];
    const members = (await names(path)).filter((member) => isVendorAttribute(`${name}/${member}`)).sort();
    return (await Promise.all(members.map((member) => readEntry(folder, `${name}/${member}`, false)))).flat();
  }
  if (!stats.isFile() || (stats.mode & readable) === 0) return [];
  const value = await readValue(path);
  return value === undefined ? [] : [{ name, value }];
}

/** Undefined where it is gone, and where the driver answers its reading with an error. */
async function readValue(path: string): Promise<string | undefined> {
  try {
    return await readText(path);
  } catch (error) {
    if (isDenied(error) || !(error instanceof Error) || !('code' in error) || ours.includes(error.code)) throw error;
    return undefined;
  }
}
