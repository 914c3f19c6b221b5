import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runCommand, type Said } from '../../../test/support/command-line.ts';

const uuid = (digit: number): string => `${digit}1111111-1111-4111-8111-111111111111`;

function device(name: string, spec: object, status?: object): object {
  return {
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: { namespace: 'default', name },
    spec,
    ...(status && { status }),
  };
}

function pinned(name: string, digit: number, spec: object = {}): object {
  return device(name, { uuid: uuid(digit), type: { id: 'mtty-1' }, parent: { name: 'mtty' }, nodeName: 'node-1', ...spec });
}

describe('the command export', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'export-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function runExport(objects: readonly object[], ...args: string[]): Promise<Said> {
    const file = join(folder, 'objects.yaml');
    await writeFile(file, objects.map((object) => stringify(object)).join('---\n'));
    return runCommand(['export', '-f', file, '--data-dir', folder, ...args]);
  }

  it('prints one device', async () => {
    const { printed, notes, error } = await runExport([pinned('a', 1)], '--format', 'mdevctl');
    expect([JSON.parse(printed), notes, error]).toEqual([{ mdev_type: 'mtty-1', start: 'auto', attrs: [] }, [], undefined]);
  });

  it('prints the one that is named', async () => {
    const { printed } = await runExport([pinned('a', 1), pinned('b', 2)], 'b', '--format', 'libvirt');
    expect(printed).toContain(`<uuid>${uuid(2)}</uuid>`);
  });

  it('writes many into a folder, tells what it could not say or do, and ends with an error', async () => {
    const output = join(folder, 'out');
    const objects = [pinned('a', 1), pinned('b', 2, { group: 'vm' }), device('c', { type: { id: 'mtty-1' } })];
    const { printed, notes, error } = await runExport(objects, '--format', 'mdevctl', '--output', output);
    expect(printed).toBe('');
    expect(notes).toEqual([
      `2 of 2 files written below ${output}`,
      'mdevdevice default/b: left out, as the format cannot say it: group',
      'refused: mdevdevice default/c has no UUID: neither status.uuid (it is not made yet) nor spec.uuid',
    ]);
    expect(error?.message).toBe('1 of 3 devices cannot be exported (see above)');
    for (const digit of [1, 2])
      expect(JSON.parse(await readFile(join(output, 'mtty', uuid(digit)), 'utf8'))).toMatchObject({ mdev_type: 'mtty-1' });
  });

  it('finds parents in what kubectl prints as a list', async () => {
    const allocation = { nodeName: 'node-1', parentName: 'node-1-mtty', typeID: 'mtty-2' };
    const parent = {
      apiVersion: 'mediated.dev/v1alpha1',
      kind: 'MdevParent',
      metadata: { name: 'node-1-mtty' },
      spec: { nodeName: 'node-1', parent: 'mtty' },
    };
    const other = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } };
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [device('a', { type: { name: 'Dual' } }, { uuid: uuid(1), allocation }), parent],
    };
    const { printed, error } = await runExport([other, list], '--format', 'libvirt');
    expect(error).toBeUndefined();
    expect(printed).toContain('<parent>mtty</parent>');
  });

  it('keeps devices of several nodes apart', async () => {
    const objects = [pinned('a', 1), pinned('b', 2, { nodeName: 'node-2' })];
    const output = join(folder, 'out');
    expect((await runExport(objects, '--format', 'mdevctl', '--output', output)).error?.message).toBe(
      'these are devices of the nodes node-1, node-2: export those of one with --node',
    );
    const { notes, error } = await runExport(objects, '--format', 'mdevctl', '--output', output, '--node', 'node-2');
    expect([notes, error]).toEqual([[`1 of 1 files written below ${output}`], undefined]);
  });

  it('refuses the second of two devices that would be one file', async () => {
    const { notes, error } = await runExport([pinned('a', 1), pinned('b', 1)], '--format', 'mdevctl');
    expect(notes).toEqual([`refused: mdevdevice default/b has the UUID and parent of another (mtty/${uuid(1)})`]);
    expect(error?.message).toMatch(/^1 of 2 devices/);
  });

  it.each([
    [['--format', 'xml'], /^--format: must be mdevctl or libvirt$/],
    [['--format', 'mdevctl'], /^2 devices: name one, or give a folder for their files with --output$/],
    [['--format', 'mdevctl', 'nobody'], /^there is no mdevdevice nobody here$/],
    [['--format', 'mdevctl', '-f', '/nowhere'], /^--filename: cannot read \/nowhere: ENOENT/],
    [['--format', 'mdevctl', '-f', 'package.json'], /^--filename: package.json, document 1: .*apiVersion/],
  ])('refuses %j in one line', async (args, message) => {
    const { error } = await runExport([pinned('a', 1), pinned('b', 2)], ...args);
    expect(error?.name).toBe('UsageError');
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain('\n');
  });
});
