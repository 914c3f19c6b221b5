/** The admission policy for classes on a real API server: it refuses what the controller would, in the same words. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { defaultClassAnnotation } from '../../src/api/group.ts';
import { mdevClassSchema, type MdevClass } from '../../src/api/mdev-class.ts';
import { deviceSpecSchema } from '../../src/api/mdev-device.ts';
import { refuseByClass } from '../../src/controller/class-rules.ts';
import { kubectl, kubectlOk } from '../support/kubectl.ts';
import { repository } from '../support/operator-command.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { createDryRun } from './create-dry-run.ts';
import { installCrds } from './install-crds.ts';
import { RawClient } from './raw-client.ts';

const policy = new URL('deploy/base/class-policy.yaml', repository).pathname;
const uuid = '12345678-1234-1234-1234-123456789abc';
const namespaces: Readonly<Record<string, Record<string, string>>> = {
  'team-a': { tier: 'one' },
  'team-b': { tier: 'two', extra: 'x' },
  plain: {},
};

function classNamed(name: string, spec: object, annotations = {}): MdevClass {
  return mdevClassSchema.parse({ apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevClass', metadata: { name, annotations }, spec });
}

function deviceNamed(name: string, namespace: string, spec: object): object {
  return { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice', metadata: { name, namespace }, spec };
}

/** Parts of classes, many of which refuse many of the parts of devices below. */
const classParts = {
  namespaces: [
    { names: ['team-*'] },
    { names: [] },
    { names: ['plain', 'team-b'] },
    { selector: { matchLabels: { tier: 'one' } } },
    { selector: {} },
    { selector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['two', 'three'] }] } },
    { selector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['two'] }] } },
    { selector: { matchExpressions: [{ key: 'extra', operator: 'Exists' }] } },
    { selector: { matchLabels: { tier: 'one' }, matchExpressions: [{ key: 'extra', operator: 'DoesNotExist' }] } },
  ],
  types: [[], [{ id: 'nvidia-1*' }], [{ id: 'nvidia-2' }, { name: 'GRID *Q' }], [{ name: 'a.c' }, { name: 'back\\E.*' }]],
  attributes: [[], [{ name: 'a' }, { name: 'v/*', values: ['1', 'x*y'] }], [{ name: '*', values: ['b\\*', '2'] }, { name: 'v/x' }]],
  params: [[], ['frl=*'], ['a.c', 'x*y*z', 'back\\E.*']],
  allowPinnedUUID: [true, false],
  allowAdopt: [true, false],
};
const deviceParts = {
  type: [{ id: 'nvidia-11' }, { id: 'nvidia-2' }, { name: 'GRID M60-2Q' }, { name: 'abc' }, { name: 'a.c' }, { name: 'back\\E.x' }],
  attributes: [
    [],
    [{ name: 'a', value: '1' }],
    [{ name: 'v/x', value: 'xxy' }],
    [
      { name: 'v/y', value: '2' },
      { name: 'a', value: 'b\\c' },
    ],
    [
      { name: 'v/x', value: '3' },
      { name: 'other', value: '2' },
    ],
  ],
  params: ['frl=60', 'abc', 'a.c', 'xyz', 'x1y2z3', 'back\\E.x', '(['],
  uuid: [uuid],
  adopt: [true, false],
};

/** Objects that have a choice of the parts: all of `required`, and up to `most` others. */
function anyOf(parts: Readonly<Record<string, readonly unknown[]>>, most: number, required: readonly string[] = []): fc.Arbitrary<object> {
  const others = Object.keys(parts).filter((field) => !required.includes(field));
  return fc
    .subarray(others, { maxLength: most })
    .chain((chosen) =>
      fc.record(Object.fromEntries([...required, ...chosen].map((field) => [field, fc.constantFrom(...(parts[field] ?? []))]))),
    );
}

const classSpecs = fc.sample(anyOf(classParts, 2), { numRuns: 40, seed: 1 });

describe.each([{ version: 'newest' }, { version: '1.33' }])('the policy for classes, Kubernetes $version', ({ version }) => {
  let cluster: ControlPlane;
  let client: RawClient;
  const classes = classSpecs.map((spec, index) => classNamed(`class-${index}`, spec));

  beforeAll(async () => {
    cluster = await startControlPlane({
      bin: inject('binaries'),
      controllers: ['validatingadmissionpolicy-status-controller'],
      ...(version === 'newest' ? {} : { emulatedVersion: version }),
    });
    client = await RawClient.fromKubeconfig(cluster.kubeconfig);
    await installCrds(cluster.kubeconfig);
    const objects = [
      ...Object.entries(namespaces).map(([name, labels]) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })),
      ...classes,
      classNamed('no-params', { params: [] }),
      classNamed('last', { types: [] }),
    ];
    await apply(...objects);
    await kubectlOk(cluster.kubeconfig, ['apply', '--server-side', '-f', policy]);
  });

  afterAll(async () => {
    client.close();
    await cluster.stop();
  });

  async function apply(...items: object[]): Promise<void> {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await kubectlOk(cluster.kubeconfig, ['apply', '--server-side', '-f', '-'], { input });
  }

  const create = (device: object): ReturnType<typeof createDryRun> => createDryRun(client, device);

  it('takes effect a moment after it is written', async () => {
    const refused = deviceNamed('x', 'plain', { type: { id: 'a' }, className: 'last' });
    await expect.poll(() => create(refused), { timeout: 60_000 }).toMatchObject({ status: 403 });
  });

  it('has expressions whose types are right', async () => {
    interface Status {
      readonly observedGeneration?: number;
      readonly typeChecking?: { readonly expressionWarnings?: readonly object[] };
    }
    const status = async (): Promise<Status> => {
      const text = await kubectlOk(cluster.kubeconfig, ['get', 'validatingadmissionpolicy', 'class.mediated.dev', '-o', 'json']);
      return (JSON.parse(text) as { status?: Status }).status ?? {};
    };
    await expect.poll(status, { timeout: 60_000 }).toMatchObject({ observedGeneration: 1 });
    expect((await status()).typeChecking?.expressionWarnings ?? []).toEqual([]);
  });

  it('refuses what the controller refuses because of the spec, in the same words, and nothing else', async () => {
    const seen = { allowed: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...classes),
        anyOf(deviceParts, 2, ['type']),
        fc.constantFrom(...Object.keys(namespaces)),
        async (mdevClass, parts, namespace) => {
          const adopts = (parts as { adopt?: boolean }).adopt === true;
          const spec = { ...parts, className: mdevClass.metadata.name, ...(adopts && { uuid }) };
          const facts = { name: namespace, labels: namespaces[namespace] ?? {} };
          const why = refuseByClass(deviceSpecSchema.parse(spec), facts, mdevClass);
          const answer = await create(deviceNamed('x', namespace, spec));
          seen[why === undefined ? 'allowed' : 'refused'] += 1;
          if (why === undefined) expect(answer).toMatchObject({ status: 201 });
          else expect(answer).toEqual({ status: 403, message: expect.stringMatching(/denied request: /) as string });
          if (why !== undefined) expect(answer.message.split('denied request: ')[1]).toBe(why.message);
        },
      ),
      { numRuns: 200 },
    );
    expect(seen.allowed).toBeGreaterThan(30);
    expect(seen.refused).toBeGreaterThan(30);
  });

  it('lets a device without class be anything while no class is the default, and then what the default allows', async () => {
    const free = deviceNamed('free', 'plain', { type: { id: 'nvidia-11' }, params: 'x' });
    const marked = (value: string): Promise<void> => apply(classNamed('no-params', { params: [] }, { [defaultClassAnnotation]: value }));
    await marked('false');
    await expect.poll(() => create(free), { timeout: 60_000 }).toMatchObject({ status: 201 });
    await marked('true');
    const refusal = 'The default class no-params does not allow params x (spec.params). It allows none.';
    await expect.poll(() => create(free), { timeout: 60_000 }).toMatchObject({ message: expect.stringContaining(refusal) as string });
    expect(await create(deviceNamed('free', 'plain', { type: { id: 'nvidia-11' } }))).toMatchObject({ status: 201 });
    await marked('false');
    await expect.poll(() => create(free), { timeout: 60_000 }).toMatchObject({ status: 201 });
  });

  it('leaves a class that is not there to the controller', async () => {
    expect(await create(deviceNamed('x', 'plain', { type: { id: 'a' }, className: 'nobody' }))).toMatchObject({ status: 201 });
  });

  it('does not stand in the way of a device that costs too much to compare', async () => {
    const values = Array.from({ length: 64 }, (_, index) => `x*x${index}`);
    const attributes = [...Array.from({ length: 63 }, () => ({ name: 'a*', values })), { name: '*' }];
    await apply(classNamed('costly', { attributes, types: [{ id: 'a' }] }));
    const device = (id: string, count: number): object =>
      deviceNamed('costly', 'plain', {
        type: { id },
        className: 'costly',
        attributes: Array.from({ length: count }, (_, index) => ({ name: `a${index}`, value: 'x'.repeat(4000) })),
      });
    await expect.poll(() => create(device('b', 0)), { timeout: 60_000 }).toMatchObject({ status: 403 });
    expect(await create(device('a', 64))).toMatchObject({ status: 201 });
  });

  it('says at kubectl apply what the class allows', async () => {
    await apply(classNamed('gold', { types: [{ name: 'GRID *Q' }] }));
    const input = JSON.stringify(deviceNamed('wrong', 'team-a', { type: { name: 'GRID M60-0B' }, className: 'gold' }));
    const attempt = (): Promise<unknown> => kubectl(cluster.kubeconfig, ['apply', '-f', '-', '--dry-run=server'], { input });
    await expect.poll(attempt, { timeout: 60_000 }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        "mdevdevices.mediated.dev \"wrong\" is forbidden: ValidatingAdmissionPolicy 'class.mediated.dev' with binding 'class.mediated.dev' " +
          'denied request: Class gold does not allow type GRID M60-0B (spec.type). It allows: GRID *Q.',
      ) as string,
    });
  });

  it('leaves a device alone that exists, though its class has changed: labels, spec, status, finalizers', async () => {
    const className = `changed-${randomUUID()}`;
    const spec = { type: { id: 'a' }, className };
    await apply(classNamed(className, {}), deviceNamed(className, 'plain', spec));
    await apply(classNamed(className, { types: [] }));
    await expect.poll(() => create(deviceNamed('new', 'plain', spec)), { timeout: 60_000 }).toMatchObject({ status: 403 });
    const patch = (...args: string[]): Promise<string> =>
      kubectlOk(cluster.kubeconfig, ['-n', 'plain', 'patch', 'mdev', className, '--type=merge', ...args]);
    await patch('-p', '{"metadata":{"labels":{"a":"b"},"finalizers":["mediated.dev/device"]}}');
    await patch('-p', '{"spec":{"online":false}}');
    await patch('--subresource=status', '-p', `{"status":{"uuid":"${uuid}"}}`);
    await kubectlOk(cluster.kubeconfig, ['-n', 'plain', 'delete', 'mdev', className, '--wait=false']);
    await patch('-p', '{"metadata":{"finalizers":null}}');
    expect((await kubectl(cluster.kubeconfig, ['-n', 'plain', 'get', 'mdev', className])).stderr).toContain('NotFound');
  });

  it('lets every device through when the last class is gone', async () => {
    await kubectlOk(cluster.kubeconfig, ['delete', 'mdevclasses', '--all']);
    const refused = deviceNamed('x', 'plain', { type: { id: 'a' }, className: 'last' });
    await expect.poll(() => create(refused), { timeout: 60_000 }).toMatchObject({ status: 201 });
  });
});
