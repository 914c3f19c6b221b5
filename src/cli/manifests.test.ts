import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readManifests } from './manifests.ts';

const device = 'apiVersion: mediated.dev/v1alpha1\nkind: MdevDevice\nmetadata: {name: vgpu}\nspec: {type: {id: nvidia-11}}\n';
const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n';

async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'manifests-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

describe('manifests applied at start', () => {
  it('are read from files and folders, namespaces first, in namespace default unless they say otherwise', async () => {
    const folder = await folderWith({
      'a.yaml': device,
      'b.yml': `${namespace}---\n${device.replace('name: vgpu', 'name: two, namespace: team')}`,
      'notes.txt': 'not read',
    });
    const manifests = await readManifests([folder]);
    expect(manifests.map(({ resource, key }) => [resource.kind, key.namespace, key.name])).toEqual([
      ['Namespace', undefined, 'team'],
      ['MdevDevice', 'default', 'vgpu'],
      ['MdevDevice', 'team', 'two'],
    ]);
  });

  it.each([
    ['not YAML', 'a: [1', /bad\.yaml, document 1: /],
    ['no name', 'apiVersion: v1\nkind: Namespace\nmetadata: {}\n', /document 1: .*name/],
    ['an unknown kind', 'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n', /Pod of v1 is not applied at start/],
  ])('name file and document when there is %s', async (_, text, message) => {
    const folder = await folderWith({ 'bad.yaml': text });
    await expect(readManifests([join(folder, 'bad.yaml')])).rejects.toThrow(message);
    await expect(readManifests([join(folder, 'bad.yaml')])).rejects.not.toThrow(/\n/);
  });

  it('say which path cannot be read', async () => {
    await expect(readManifests(['/nowhere/x.yaml'])).rejects.toThrow(/--apply: cannot read \/nowhere\/x.yaml/);
  });
});
