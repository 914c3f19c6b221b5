import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kubectlOk } from '../support/kubectl.ts';
import { startOperator, type Operator } from '../support/operator.ts';

const crypto = '11111111-1111-4111-8111-111111111111';
const serial = '22222222-2222-4222-8222-222222222222';
const defined = '33333333-3333-4333-8333-333333333333';

/** The host as it is, whatever an agent believes. */
async function host(operator: Operator): Promise<string> {
  return operator.cli('emulate', 'list', '--json', '--socket', operator.emulatorSocket);
}

async function wait(operator: Operator, ...args: string[]): Promise<void> {
  await kubectlOk(operator.kubeconfig, ['wait', '--timeout=20s', ...args]);
}

describe('devices that mdevctl, libvirt or hands have made', () => {
  it('are taken over, and are as they were when the objects are gone; what mdevctl would make at boot is made', async () => {
    await using operator = await startOperator(['--adopt-namespace', 'default']);
    const dataDir = dirname(operator.kubeconfig);
    const emulate = (...args: string[]): Promise<string> => operator.cli('emulate', ...args, '--socket', operator.emulatorSocket);
    await emulate('create', 'matrix', 'vfio_ap-passthrough', crypto);
    await emulate('create', 'mtty', 'mtty-1', serial);
    const before = await host(operator);

    const live = await operator.cli('import', '--data-dir', dataDir, '--node-name', 'node-1');
    await kubectlOk(operator.kubeconfig, ['apply', '-f', '-'], { input: live });
    await wait(operator, '--for=condition=Ready', `mdev/mdev-${crypto}`, `mdev/mdev-${serial}`);
    expect((await operator.device(`mdev-${crypto}`)).status?.conditions).toContainEqual(expect.objectContaining({ reason: 'Adopted' }));
    // Nothing is left to import: all devices are ours.
    expect(await operator.cli('import', '--data-dir', dataDir, '--node-name', 'node-1')).toBe('');
    await kubectlOk(operator.kubeconfig, ['delete', '--all', 'mdev', '--timeout=20s']);
    expect(await host(operator)).toBe(before);

    const definitions = await mkdtemp(join(tmpdir(), 'mdevctl-'));
    const attrs = [{ assign_domain: '4' }, { assign_adapter: '5' }];
    await mkdir(join(definitions, 'matrix'));
    await writeFile(join(definitions, 'matrix', defined), JSON.stringify({ mdev_type: 'vfio_ap-passthrough', start: 'auto', attrs }));
    const both = await operator.cli('import', '--data-dir', dataDir, '--node-name', 'node-1', '--mdevctl', definitions);
    await kubectlOk(operator.kubeconfig, ['apply', '-f', '-'], { input: both });
    await wait(operator, '--for=condition=Ready', `mdev/mdev-${crypto}`, `mdev/mdev-${serial}`, `mdev/mdev-${defined}`);
    expect(JSON.parse(await host(operator))).toMatchObject({
      devices: [{ id: crypto }, { id: serial }, { id: defined, parent: 'matrix' }],
    });

    const output = join(definitions, 'out');
    await operator.cli('export', '--format', 'mdevctl', '--kubeconfig', operator.kubeconfig, '--output', output);
    expect(JSON.parse(await readFile(join(output, 'matrix', defined), 'utf8'))).toEqual({
      mdev_type: 'vfio_ap-passthrough',
      start: 'auto',
      attrs,
    });
    expect(JSON.parse(await readFile(join(output, 'mtty', serial), 'utf8'))).toEqual({ mdev_type: 'mtty-1', start: 'auto', attrs: [] });
    const xml = await operator.cli('export', `mdev-${crypto}`, '--format', 'libvirt', '--kubeconfig', operator.kubeconfig);
    expect(xml).toContain('<parent>ap_matrix</parent>');
  });
});
