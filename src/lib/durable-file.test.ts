import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DirectorySync, replaceFile } from './durable-file.ts';

describe('a file replaced in one step', () => {
  it('holds the new text and leaves no temporary file, for many files and one directory sync at a time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'durable-'));
    const directory = new DirectorySync(folder);
    const names = Array.from({ length: 20 }, (_, index) => `${index}.json`);
    for (const round of ['old', 'new'])
      await Promise.all(
        names.map((name) => replaceFile(join(folder, name), `${round} ${name}`, { mode: 0o600, durable: true, directory })),
      );
    expect((await readdir(folder)).sort()).toEqual([...names].sort());
    for (const name of names) expect(await readFile(join(folder, name), 'utf8')).toBe(`new ${name}`);
  });

  it('fails where its directory is gone, and works again when that is back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'durable-'));
    const directory = new DirectorySync(folder);
    await rm(folder, { recursive: true });
    await expect(Promise.all([directory.sync(), directory.sync()])).rejects.toThrow(/ENOENT/);
    await mkdir(folder);
    await directory.sync();
    await Promise.all([directory.sync(), directory.sync(), directory.sync()]);
  });
});
