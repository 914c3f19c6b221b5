/** `kubectl mdev`, run by the stock kubectl. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kubectl, kubectlOk, type KubectlResult } from '../support/kubectl.ts';
import { operatorCommand } from '../support/operator-command.ts';
import { startStandalone, temporaryDataDir, type StandaloneProcess } from '../support/standalone-process.ts';

let folder: string;
let standalone: StandaloneProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mdev-plugin-'));
  const command = operatorCommand().map((part) => part.replace(/main\.(js|ts)$/, 'kubectl-mdev.$1'));
  await writeFile(join(folder, 'kubectl-mdev'), `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`, { mode: 0o755 });
  standalone = await startStandalone(await temporaryDataDir());
  const device = (name: string, typeID: string): string =>
    `---\napiVersion: mediated.dev/v1alpha1\nkind: MdevDevice\nmetadata: {name: ${name}}\nspec: {type: {id: ${typeID}}}\n`;
  await kubectlOk(standalone.kubeconfig, ['apply', '-f', '-'], { input: device('made', 'mtty-1') + device('stray', 'no-such-type') });
  await kubectlOk(standalone.kubeconfig, ['wait', 'mdev/made', '--for=condition=Ready', '--timeout=15s']);
  await kubectlOk(standalone.kubeconfig, ['wait', 'mdev/stray', '--for=condition=Allocated=False', '--timeout=15s']);
}, 60_000);
afterAll(async () => {
  await standalone.end('SIGTERM');
  await rm(folder, { recursive: true });
});

const mdev = (args: readonly string[], kubeconfig = standalone.kubeconfig): Promise<KubectlResult> =>
  kubectl(kubeconfig, ['mdev', ...args], { env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` } });

async function json(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await mdev([...args, '-o', 'json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as unknown;
}

it('says what can still be made, as the parents count it', async () => {
  const { code, stdout } = await mdev(['types']);
  expect(code).toBe(0);
  expect(stdout.split('\n')[0]).toMatch(/^NODE +PARENT +TYPE +NAME +REMAINING +INSTANCES +REASON$/);
  const types = await kubectlOk(standalone.kubeconfig, ['get', 'mdevparents', '-o', 'json']);
  const { items } = JSON.parse(types) as {
    items: { spec: { parent: string }; status: { supportedTypes: { id: string; availableInstances: number }[] } }[];
  };
  const counted = items.flatMap(({ spec, status }) =>
    status.supportedTypes.map(({ id, availableInstances }) => ({ parent: spec.parent, typeID: id, remaining: availableInstances })),
  );
  const told = ((await json('types')) as { types: typeof counted }).types;
  expect(told).toHaveLength(counted.length);
  expect(told).toEqual(expect.arrayContaining(counted.map((entry) => expect.objectContaining(entry) as unknown)));
});

it('shows devices below their parents, and those that are nowhere', async () => {
  const { stdout } = await mdev(['tree']);
  expect(stdout).toMatch(/^node-1\n(.*\n)* {4}[0-9a-f-]{36} {2}mtty-1 {2}default\/made\n(.*\n)*not on any parent\n {2}default\/stray\n$/);
  expect(await json('tree')).toMatchObject({ nodes: [{ nodeName: 'node-1' }], waiting: [{ namespace: 'default', name: 'stray' }] });
});

it('says why a device waits, with what each parent says to it, and what to do', async () => {
  const { code, stdout } = await mdev(['why', 'stray']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^default\/stray is not ready\.\nAllocated is False \(NoSuchType\): .*\n {2}To do: Choose a type that is there/);
  expect(stdout).toMatch(/^node-1\/mtty has no type no-such-type\.$/m);
  expect(await json('why', 'made')).toMatchObject({
    name: 'made',
    ready: true,
    place: { nodeName: 'node-1', typeID: 'mtty-1' },
    parents: [],
  });
});

it('refuses in a sentence', async () => {
  expect(await mdev(['why', 'nobody', '-n', 'elsewhere'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'kubectl mdev: There is no mdevdevice nobody in namespace elsewhere\n',
  });
  expect(await mdev(['types', '--context', 'none'])).toMatchObject({
    code: 2,
    stderr: 'kubectl mdev: --context: there is no context none\n',
  });
  expect(await mdev(['types', '-o', 'xml'])).toMatchObject({ code: 2, stdout: '' });
  const nobody = join(folder, 'nobody');
  const cluster = '{name: a, cluster: {server: "http://127.0.0.1:1"}}';
  await writeFile(
    nobody,
    `apiVersion: v1\nkind: Config\nclusters: [${cluster}]\nusers: [{name: a, user: {}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\ncurrent-context: a\n`,
  );
  const unreachable = await mdev(['tree'], nobody);
  expect(unreachable).toMatchObject({ code: 2, stdout: '' });
  expect(unreachable.stderr).toMatch(/^kubectl mdev: Cannot list \w+: .*\n$/);
});
