/** crds/ as they are, on the newest Kubernetes and on the oldest that we promise. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { kubectl } from '../support/kubectl.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { crdsFolder } from './install-crds.ts';
import { oldestKubernetes as oldest } from './versions.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
}

describe.each([{ version: 'newest' }, { version: oldest }])('Kubernetes $version', ({ version }) => {
  let own: ControlPlane | undefined;
  let kubeconfig: string;
  beforeAll(async () => {
    if (version === oldest) own = await startControlPlane({ bin: inject('binaries'), emulatedVersion: oldest });
    kubeconfig = own?.kubeconfig ?? inject('realKubeconfig');
  });
  afterAll(() => own?.stop());

  it('is the version that was asked for', async () => {
    const { stdout } = await kubectl(kubeconfig, ['get', '--raw', '/version']);
    const emulated = JSON.parse(stdout) as { emulationMajor?: string; emulationMinor?: string };
    if (version === oldest) expect(`${emulated.emulationMajor ?? ''}.${emulated.emulationMinor ?? ''}`).toBe(oldest);
    else expect(stdout).toContain('"gitVersion": "v1.');
  });

  it('accepts every file of crds/ without a warning', async () => {
    const result = await kubectl(kubeconfig, ['apply', '--server-side', '--filename', crdsFolder]);
    expect({ code: result.code, stderr: withoutSkewWarning(result.stderr) }).toEqual({ code: 0, stderr: '' });
  });

  it('establishes them, and finds their schemas structural', async () => {
    for (const name of await crdNames()) {
      const waited = await kubectl(kubeconfig, ['wait', '--for=condition=Established', '--timeout=30s', `crd/${name}`]);
      expect(waited).toMatchObject({ code: 0 });
      const { stdout } = await kubectl(kubeconfig, ['get', 'crd', name, '--output=json']);
      const { status } = JSON.parse(stdout) as { status: { conditions: Condition[] } };
      expect(status.conditions.filter((condition) => condition.type === 'NonStructuralSchema')).toEqual([]);
      expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'NamesAccepted', status: 'True' }));
    }
  });

  it('explains every field of theirs', async () => {
    for (const name of await crdNames()) {
      // The OpenAPI document follows the CRD after a moment.
      const explain = async (): Promise<unknown> => kubectl(kubeconfig, ['explain', '--recursive', name]);
      await expect.poll(explain, { timeout: 30_000 }).toMatchObject({ code: 0, stdout: expect.stringContaining('spec') as string });
    }
  });
});

async function crdNames(): Promise<string[]> {
  const files = (await readdir(crdsFolder)).filter((name) => name.endsWith('.yaml'));
  expect(files).not.toEqual([]);
  const texts = await Promise.all(files.map((file) => readFile(join(crdsFolder, file), 'utf8')));
  return texts.map((text) => (parse(text) as { metadata: { name: string } }).metadata.name);
}

function withoutSkewWarning(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.includes('version difference between client'))
    .join('\n');
}
