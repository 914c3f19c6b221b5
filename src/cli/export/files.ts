import { chmod, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceFile } from '../../lib/durable-file.ts';
import type { ExportedFile } from './plan.ts';
import { UsageError } from '../usage-error.ts';

const fileMode = 0o644;
const folderMode = 0o755;

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** What two texts have in common that say the same: JSON without its layout, any other text without space around it. */
function essence(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text.trim();
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes a folder that others may read, and those above it; what is there already stays as it is. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
    await chmod(path, folderMode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path);
  }
}

/**
 * Writes the files below `output`, for others to read (mode 0644). Answers the paths that have changed.
 * @param force replace files that say something else
 * @throws UsageError, before anything is written, where there is such a file and no `force`; or when a file cannot be written
 */
export async function writeFiles(output: string, files: readonly ExportedFile[], force: boolean): Promise<string[]> {
  try {
    const changed: { readonly path: string; readonly text: string; readonly exists: boolean }[] = [];
    for (const file of files) {
      const path = join(output, file.path);
      const before = await textOf(path);
      const same = before !== undefined && essence(before) === essence(file.text);
      if (!same) changed.push({ path, text: file.text, exists: before !== undefined });
    }
    const other = changed.filter(({ exists }) => exists).map(({ path }) => path);
    if (other.length > 0 && !force)
      throw new UsageError(`--output: already there, with another text: ${other.join(', ')}; --force replaces it`);
    for (const { path, text } of changed) {
      await makeFolder(dirname(path));
      await replaceFile(path, `${text}\n`, { mode: fileMode, durable: true });
      // This program's umask keeps others out.
      await chmod(path, fileMode);
    }
    return changed.map(({ path }) => path);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`--output: ${(cause as Error).message}`, { cause });
  }
}
