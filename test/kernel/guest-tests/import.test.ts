import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { kubectlOk } from '../../support/kubectl.ts';
import { startOperator, type Operator } from '../../support/operator.ts';
import { devices, writeByHand } from './sysfs-subject.ts';

const execute = promisify(execFile);
const definitions = '/etc/mdevctl.d';
const [started, auto, manual] = [randomUUID(), randomUUID(), randomUUID()];

let operator: Operator | undefined;

afterAll(async () => {
  await operator?.[Symbol.asyncDispose]();
  for (const id of readdirSync(devices)) await writeByHand(`${devices}/${id}/remove`, '1');
  for (const uuid of [auto, manual]) await execute('mdevctl', ['undefine', '--uuid', uuid]);
});

/** Every device by its type, as sysfs has it. */
function host(): Record<string, string> {
  return Object.fromEntries(readdirSync(devices).map((id) => [id, basename(readlinkSync(`${devices}/${id}/mdev_type`))]));
}

it(
  'what mdevctl has started is taken over and given back as it was, what it would start at boot is made',
  { timeout: 300_000 },
  async () => {
    await execute('mdevctl', ['start', '--uuid', started, '--parent', 'mtty', '--type', 'mtty-2']);
    await execute('mdevctl', ['define', '--uuid', auto, '--parent', 'mdpy', '--type', 'mdpy-xga', '--auto']);
    await execute('mdevctl', ['define', '--uuid', manual, '--parent', 'mdpy', '--type', 'mdpy-vga']);
    operator = await startOperator(['--provider', 'sysfs', '--adopt-namespace', 'default']);
    const { kubeconfig } = operator;
    const dataDir = dirname(kubeconfig);
    const node = ['--data-dir', dataDir, '--node-name', 'node-1'];

    const manifests = await operator.cli('import', '--provider', 'sysfs', ...node, '--mdevctl', definitions);
    await kubectlOk(kubeconfig, ['apply', '-f', '-'], { input: manifests });
    await kubectlOk(kubeconfig, ['wait', 'mdev', '--all', '--for=condition=Ready', '--timeout=60s'], { timeout: 90_000 });
    expect(host()).toEqual({ [started]: 'mtty-2', [auto]: 'mdpy-xga' });
    expect((await operator.device(`mdev-${started}`)).status?.conditions).toContainEqual(expect.objectContaining({ reason: 'Adopted' }));
    expect(await operator.cli('import', '--provider', 'sysfs', ...node)).toBe('');

    // What is written for mdevctl is what it has itself.
    await operator.cli('export', '--format', 'mdevctl', '--kubeconfig', kubeconfig, '--output', '/tmp/exported');
    const [ours, its] = await Promise.all(['/tmp/exported', definitions].map((root) => readFile(`${root}/mdpy/${auto}`, 'utf8')));
    expect(JSON.parse(ours ?? '')).toEqual(JSON.parse(its ?? ''));

    await kubectlOk(kubeconfig, ['delete', 'mdev', '--all', '--timeout=60s'], { timeout: 90_000 });
    expect(host()).toEqual({ [started]: 'mtty-2', [auto]: 'mdpy-xga' });
    expect(existsSync(`${definitions}/mdpy/${manual}`)).toBe(true);
  },
);
