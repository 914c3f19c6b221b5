import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFiles } from './files.ts';

describe('exported files', () => {
  let folder: string;
  let umask: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'export-'));
    umask = process.umask(0o077);
  });
  afterEach(async () => {
    process.umask(umask);
    await rm(folder, { recursive: true });
  });

  it('are for everybody to read, though nothing else of this program is', async () => {
    expect(await writeFiles(join(folder, 'a', 'b'), [{ path: 'mtty/x', text: '{}' }], false)).toEqual([join(folder, 'a/b/mtty/x')]);
    expect(await readFile(join(folder, 'a/b/mtty/x'), 'utf8')).toBe('{}\n');
    const modes = await Promise.all(
      ['a', 'a/b', 'a/b/mtty', 'a/b/mtty/x'].map(async (path) => (await stat(join(folder, path))).mode & 0o777),
    );
    expect(modes).toEqual([0o755, 0o755, 0o755, 0o644]);
  });

  it('are left as they are when they say the same, and refused before anything is written when not', async () => {
    await writeFile(join(folder, 'same'), 'x');
    await writeFile(join(folder, 'other'), 'y');
    expect(await writeFiles(folder, [{ path: 'same', text: 'x' }], false)).toEqual([]);
    const files = ['new', 'same', 'other'].map((path) => ({ path, text: 'x' }));
    await expect(writeFiles(folder, files, false)).rejects.toThrow(`--output: already there, with another text: ${folder}/other; --force`);
    expect((await readdir(folder)).sort()).toEqual(['other', 'same']);
    expect(await writeFiles(folder, files, true)).toEqual([join(folder, 'new'), join(folder, 'other')]);
    expect(await readFile(join(folder, 'other'), 'utf8')).toBe('x\n');
  });

  it('say the same as JSON that is laid out in another way', async () => {
    await writeFile(join(folder, 'x'), '{"a":[1]}\n');
    expect(await writeFiles(folder, [{ path: 'x', text: JSON.stringify({ a: [1] }, undefined, 2) }], false)).toEqual([]);
    await expect(writeFiles(folder, [{ path: 'x', text: '{"a":[2]}' }], false)).rejects.toThrow('--force');
  });

  it('name the place that cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(writeFiles(join(folder, 'file'), [{ path: 'mtty/x', text: '' }], false)).rejects.toThrow(/^--output: ENOTDIR/);
  });
});
