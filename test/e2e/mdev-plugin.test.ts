/** `kubectl mdev`, run by the stock kubectl. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { kubectlOk, type KubectlResult } from '../support/kubectl.ts';
import { installPlugin, type MdevPlugin } from '../support/mdev-plugin.ts';
import { startStandalone, temporaryDataDir, type StandaloneProcess } from '../support/standalone-process.ts';

let folder: string;
let plugin: MdevPlugin;
let standalone: StandaloneProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mdev-plugin-test-'));
  plugin = await installPlugin();
  standalone = await startStandalone(await temporaryDataDir());
  const device = (name: string, typeID: string): string =>
    `---\napiVersion: mediated.dev/v1alpha1\nkind: MdevDevice\nmetadata: {name: ${name}}\nspec: {type: {id: ${typeID}}}\n`;
  await kubectlOk(standalone.kubeconfig, ['apply', '-f', '-'], { input: device('made', 'mtty-1') + device('stray', 'no-such-type') });
  await kubectlOk(standalone.kubeconfig, ['wait', 'mdev/made', '--for=condition=Ready', '--timeout=15s']);
  await kubectlOk(standalone.kubeconfig, ['wait', 'mdev/stray', '--for=condition=Allocated=False', '--timeout=15s']);
}, 60_000);
afterAll(async () => {
  await standalone.end('SIGTERM');
  await plugin[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const mdev = (args: readonly string[], kubeconfig = standalone.kubeconfig, input = ''): Promise<KubectlResult> =>
  plugin.run(kubeconfig, args, input);

async function json(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await mdev([...args, '-o', 'json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as unknown;
}

const apiVersion = 'mediated.dev/v1alpha1';
const device = (name: string, spec: object): object => ({ apiVersion, kind: 'MdevDevice', metadata: { name }, spec });
const list = (...items: object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

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

/** All that a plan could have changed. */
async function everything(): Promise<unknown> {
  const { items } = JSON.parse(
    await kubectlOk(standalone.kubeconfig, ['get', 'mdevdevices,mdevdevicesets,mdevclasses', '-A', '-o', 'json']),
  ) as {
    items: { metadata: { uid: string; generation: number } }[];
  };
  return items.map(({ metadata: { uid, generation } }) => ({ uid, generation })).toSorted((a, b) => (a.uid < b.uid ? -1 : 1));
}

it('shows who uses devices, once where its output is no terminal', async () => {
  const { code, stdout } = await mdev(['top']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^2 devices, 1 ready, 0 in use, 0 B locked\n\nDEVICE +NODE +TYPE +READY +IN USE +LOCKED +LIMIT +USERS\n/);
  expect(await json('top')).toMatchObject({
    devices: [
      { name: 'made', ready: 'True' },
      { name: 'stray', ready: 'False' },
    ],
    inUse: 0,
  });
});

it('follows what happens on a terminal, in colour, and leaves it as it was at Ctrl-C', async () => {
  const command = 'stty cols 80 rows 24; exec kubectl mdev top';
  // A person's environment and no more: CI, NO_COLOR and their like, which whoever runs the tests may have set, each take the colours away.
  const environment = { KUBECONFIG: standalone.kubeconfig, TERM: 'xterm', PATH: plugin.path, HOME: process.env['HOME'] };
  const terminal = spawn('script', ['-qefc', command, '/dev/null'], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
  let screen = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  await expect.poll(() => screen, { timeout: 20_000 }).toContain('2 devices, 1 ready');
  expect(screen.startsWith('\u001b[?1049h')).toBe(true);
  expect(screen).toMatch(/\u001b\[31mdefault\/stray /);
  onTestFinished(() => kubectlOk(standalone.kubeconfig, ['delete', '--ignore-not-found', 'mdev', 'seen']).then(() => undefined));
  await kubectlOk(standalone.kubeconfig, ['apply', '-f', '-'], { input: list(device('seen', { type: { id: 'mtty-1' } })) });
  await expect.poll(() => screen, { timeout: 20_000 }).toContain('3 devices, 2 ready');
  for (const line of stripVTControlCharacters(screen).split('\r\n')) expect(line.length).toBeLessThanOrEqual(80);
  const ended = once(terminal, 'exit');
  terminal.stdin.write('\u0003');
  expect(await ended).toEqual([0, null]);
  expect(screen.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
});

it('plans what applying would do, object by object, and changes nothing', async () => {
  const before = await everything();
  // 24 ports, of which one is in use: of 23 one-port devices and a two-port one, one has to wait.
  const set = {
    apiVersion,
    kind: 'MdevDeviceSet',
    metadata: { name: 'cards' },
    spec: { replicas: 22, template: { spec: { type: { id: 'mtty-1' } } } },
  };
  const two = device('two', { type: { id: 'mtty-2' }, parent: { name: 'mtty' } });
  const manifests = list(
    set,
    two,
    device('made', { type: { id: 'mtty-1' } }),
    device('bad', { type: {} }),
    device('odd', { type: { id: 'odd' } }),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } },
  );
  const { code, stdout, stderr } = await mdev(['plan', '-f', '-'], undefined, manifests);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(stdout).toMatch(/^MdevDevice default\/made: unchanged, mtty-1 on \S+ of node node-1\.$/m);
  expect(stdout).toMatch(/^MdevDevice default\/odd: would wait \(NoSuchType\): /m);
  expect(stdout).toMatch(/^MdevDevice default\/bad: refused by the API server \(Invalid\): .*spec\.type/m);
  expect(stdout).toMatch(/^ConfigMap c: not looked at/m);
  const answer = JSON.parse((await mdev(['plan', '-o', 'json', '-f', '-'], undefined, manifests)).stdout) as {
    complete: boolean;
    entries: { name: string; outcome: string; set?: string }[];
  };
  expect(answer.complete).toBe(false);
  expect(answer.entries.filter((entry) => entry.set === 'cards').map(({ outcome }) => outcome)).toEqual(Array(22).fill('Made'));
  expect(answer.entries.find(({ name }) => name === 'two')).toMatchObject({ outcome: 'Waits', reason: 'NoCapacity' });
  expect(await everything()).toEqual(before);
});

it('plans as it then comes to be', async () => {
  const manifests = list(...Array.from({ length: 3 }, (_, index) => device(`planned-${index}`, { type: { id: 'mtty-2' } })));
  const { code, stdout } = await mdev(['plan', '-f', '-', '-o', 'json'], undefined, manifests);
  expect(code).toBe(0);
  await kubectlOk(standalone.kubeconfig, ['apply', '-f', '-'], { input: manifests });
  const { entries } = JSON.parse(stdout) as { entries: { name: string; place: object }[] };
  for (const { name, place } of entries) {
    await kubectlOk(standalone.kubeconfig, ['wait', `mdev/${name}`, '--for=condition=Ready', '--timeout=15s']);
    const { status } = JSON.parse(await kubectlOk(standalone.kubeconfig, ['get', 'mdev', name, '-o', 'json'])) as {
      status: { allocation: object };
    };
    expect(status.allocation).toMatchObject(place);
  }
  expect((await mdev(['plan', '-f', '-'], undefined, manifests)).stdout).toMatch(/^(.*: unchanged, .*\n){3}All of it could be made now/);
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
  expect(await mdev(['plan', '-f', join(folder, 'none.yaml')])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^kubectl mdev: Cannot read .*none\.yaml: .*\n$/) as string,
  });
  expect(await mdev(['plan', '-f', '-'])).toMatchObject({ code: 2, stderr: 'kubectl mdev: There is no object in -\n' });
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
