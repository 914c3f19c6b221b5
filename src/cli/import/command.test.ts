import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { recordsDirectory } from '../../agent/admin.ts';
import { RecordStore } from '../../agent/record/record-store.ts';
import { mdevDeviceSchema, type DeviceSpec } from '../../api/mdev-device.ts';
import { overSocket } from '../../../test/provider/emulated-subjects.ts';
import { everything } from '../../../test/provider/support.ts';
import { runCommand, type Said } from '../../../test/support/command-line.ts';

const one = '11111111-1111-4111-8111-111111111111';
const two = '22222222-2222-4222-8222-222222222222';

describe('the command import', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'import-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function define(parent: string, uuid: string, definition: unknown): Promise<void> {
    await mkdir(join(folder, 'mdevctl.d', parent), { recursive: true });
    await writeFile(join(folder, 'mdevctl.d', parent, uuid), JSON.stringify(definition));
  }

  function runImport(socketPath: string, ...args: string[]): Promise<Said> {
    return runCommand(['import', '--emulator', socketPath, '--data-dir', join(folder, 'data'), '--node-name', 'node-1', ...args]);
  }

  function withDefinitions(socketPath: string, ...args: string[]): Promise<Said> {
    return runImport(socketPath, '--mdevctl', join(folder, 'mdevctl.d'), ...args);
  }

  function specs(printed: string): DeviceSpec[] {
    return parseAllDocuments(printed).flatMap((document) =>
      document.contents === null ? [] : [mdevDeviceSchema.parse(document.toJS()).spec],
    );
  }

  it('prints every device of the node that somebody else made, and changes none', async () => {
    await using host = await overSocket.open();
    await host.makeForeign('mtty', 'mtty-1', two);
    await host.makeForeign('0000:86:00.0', 'nvidia-11', one);
    const before = await everything(host.provider);
    const { printed, notes, error } = await runImport(host.socketPath, '-n', 'team');
    expect(error).toBeUndefined();
    expect(specs(printed)).toMatchObject([
      { uuid: one, type: { id: 'nvidia-11' }, parent: { name: '0000:86:00.0' }, nodeName: 'node-1', adopt: true, reclaimPolicy: 'Retain' },
      { uuid: two, type: { id: 'mtty-1' }, parent: { name: 'mtty' }, nodeName: 'node-1', adopt: true, reclaimPolicy: 'Retain' },
    ]);
    expect(printed.match(/namespace: team/g)).toHaveLength(2);
    expect(notes).toContain('devices are adopted where agent and controller were started with --adopt-namespace team');
    expect(await everything(host.provider)).toEqual(before);
  });

  it('adds what is defined, leaves manual definitions to be uncommented, and ends with an error that leaves the rest printed', async () => {
    await using host = await overSocket.open();
    await host.makeForeign('matrix', 'vfio_ap-passthrough', one);
    await define('matrix', one, {
      mdev_type: 'vfio_ap-passthrough',
      start: 'manual',
      attrs: [{ assign_domain: '4' }, { assign_adapter: '5' }],
    });
    await define('mtty', two, { mdev_type: 'mtty-2', start: 'manual' });
    await define('mtty', '33333333-3333-4333-8333-333333333333', { mdev_type: 'mtty-2', start: 'never' });
    const { printed, notes, error } = await withDefinitions(host.socketPath);
    const attributes = [
      { name: 'assign_domain', value: '4' },
      { name: 'assign_adapter', value: '5' },
    ];
    expect(specs(printed)).toMatchObject([{ uuid: one, adopt: true, attributes }]);
    expect(printed).toMatch(
      new RegExp(`^# # Defined in mtty/${two} \\(start: manual\\), not live: made only when somebody starts it`, 'm'),
    );
    expect(notes).toContainEqual(expect.stringMatching(/^refused: .*mtty\/33333333-.*: start: must be "auto" or "manual"$/));
    expect(error?.message).toMatch(/^1 of what was found cannot be an MdevDevice/);

    const all = await withDefinitions(host.socketPath, '--include-manual');
    expect(specs(all.printed)).toMatchObject([{ uuid: one }, { uuid: two, type: { id: 'mtty-2' }, adopt: false }]);
  });

  it('reads the definitions alone where it is told to', async () => {
    await define('mtty', one, { mdev_type: 'mtty-1', start: 'auto' });
    const { printed, error } = await withDefinitions('/nowhere/emulator.sock', '--definitions-only');
    expect(error).toBeUndefined();
    expect(specs(printed)).toMatchObject([{ uuid: one, adopt: false, reclaimPolicy: 'Retain' }]);
  });

  it("leaves out what this node's agent owns", async () => {
    await using host = await overSocket.open();
    await host.makeForeign('mtty', 'mtty-1', one);
    const records = new RecordStore(recordsDirectory(join(folder, 'data', 'agent')));
    await records.load();
    await records.put(
      {
        version: 1,
        uuid: one,
        object: { uid: 'u', namespace: 'default', name: 'mine' },
        parent: 'mtty',
        typeID: 'mtty-1',
        bootID: 'b',
        reclaimPolicy: 'Delete',
        step: 'ready',
        attributes: { total: 0, written: 0, writing: false, digest: '' },
        adopted: false,
        deletionSeen: false,
      },
      false,
    );
    const { printed, notes, error } = await runImport(host.socketPath);
    expect([printed, error]).toEqual(['', undefined]);
    expect(notes).toEqual([`${one} is left out: it is ours already (MdevDevice default/mine)`, 'there is nothing to import']);
  });

  it('says that no device counts as ours where no agent has kept records', async () => {
    await using host = await overSocket.open();
    expect((await runImport(host.socketPath)).notes).toContain(
      `no agent has kept records in ${folder}/data/agent (--data-dir), so no device counts as ours`,
    );
  });

  it.each([
    [['--include-manual'], /^--include-manual: give the definitions with --mdevctl$/],
    [['--definitions-only'], /^--definitions-only: give the definitions with --mdevctl$/],
    [['--mdevctl', '/nowhere'], /^--mdevctl: cannot read \/nowhere: ENOENT/],
    [['-n', 'Team'], /^--namespace: must be the name of a namespace/],
    [[], /^Cannot read the devices of this node: /],
  ])('refuses %j in one line', async (args, message) => {
    const { error } = await runImport('/nowhere/emulator.sock', ...args);
    expect(error?.name).toBe('UsageError');
    expect(error?.message).toMatch(message);
  });
});
