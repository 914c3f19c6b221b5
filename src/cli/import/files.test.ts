import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDefinitions } from './files.ts';

const one = '11111111-1111-4111-8111-11111111111a';
const two = '22222222-2222-4222-8222-22222222222b';
const good = '{"mdev_type":"mtty-1","start":"auto"}';

describe("mdevctl's folder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mdevctl-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function put(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }

  it('has a folder a parent and a file a device, beside the scripts', async () => {
    await put(`mtty/${two}`, good);
    await put(`0000:86:00.0/${one}`, good);
    await put('scripts.d/callouts/ap.sh', '#!/bin/sh');
    const { definitions, ...rest } = await readDefinitions(folder);
    expect(definitions.map(({ parent, uuid }) => [parent, uuid])).toEqual([
      ['0000:86:00.0', one],
      ['mtty', two],
    ]);
    expect(rest).toEqual({ refusals: [], notes: [], unusable: new Set() });
  });

  it('names every file that cannot be used, and gives the others', async () => {
    await put(`mtty/${one.toUpperCase()}`, '{"mdev_type":"mtty-1"}');
    await put(`mtty/${two}`, good);
    await mkdir(join(folder, 'matrix', one), { recursive: true });
    await symlink('/nowhere', join(folder, 'mtty', '33333333-3333-4333-8333-333333333333'));
    await put(`-x/${two}`, good);
    const { definitions, refusals, unusable } = await readDefinitions(folder);
    expect(definitions.map(({ uuid }) => uuid)).toEqual([two]);
    expect(refusals).toEqual([
      `${folder}/-x: no parent has this name`,
      `${folder}/matrix/${one}: is not a regular file`,
      `${folder}/mtty/${one.toUpperCase()}: start: must be "auto" or "manual"`,
      expect.stringContaining('33333333-3333-4333-8333-333333333333: ENOENT'),
    ]);
    expect(unusable).toEqual(new Set([one, '33333333-3333-4333-8333-333333333333']));
  });

  it('passes over what mdevctl passes over, and says so', async () => {
    await put(`mtty/${one}~`, 'x');
    await put('README', 'x');
    expect(await readDefinitions(folder)).toMatchObject({
      definitions: [],
      refusals: [],
      notes: [
        `${folder}/README: passed over, it is not the folder of a parent`,
        `${folder}/mtty/${one}~: passed over, its name is not the UUID of a device`,
      ],
    });
  });

  it('has one definition of a device, whatever the case of its letters', async () => {
    await put(`mtty/${one}`, good);
    await put(`mtty/${one.toUpperCase()}`, good);
    const { definitions, refusals } = await readDefinitions(folder);
    expect(definitions).toHaveLength(1);
    expect(refusals).toEqual([expect.stringContaining('defines a device that another file defines')]);
  });

  it('may be no folder', async () => {
    await expect(readDefinitions(join(folder, 'none'))).rejects.toThrow(/^--mdevctl: cannot read .*none: ENOENT/);
  });
});
