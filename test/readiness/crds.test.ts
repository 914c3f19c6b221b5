import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { crdsFolder, installCrds } from '../cluster/install-crds.ts';
import { kubectlOk } from '../support/kubectl.ts';
import { isReadable, Site, troubles } from './site.ts';

let site: Site;

beforeEach(async () => {
  site = await Site.prepare();
});
afterEach(async () => {
  await installCrds(site.cluster.kubeconfig);
  await site[Symbol.asyncDispose]();
}, 90_000);

async function deleteCrds(): Promise<void> {
  await kubectlOk(site.cluster.kubeconfig, ['delete', '--ignore-not-found', '--filename', crdsFolder]);
}

interface Node {
  properties?: Record<string, Node>;
  'x-kubernetes-validations'?: object[];
}

/** Applies the CRDs without some fields of MdevDevice, as those of an older version would be. */
async function applyOldCrds(): Promise<void> {
  const files = (await readdir(crdsFolder)).filter((name) => name.includes('mdevdevices'));
  const [file = ''] = files;
  const crd = parse(await readFile(`${crdsFolder}/${file}`, 'utf8')) as {
    spec: { versions: [{ schema: { openAPIV3Schema: Node } }] };
  };
  const { spec, status } = crd.spec.versions[0].schema.openAPIV3Schema.properties ?? {};
  // Nor has an older version the rules about them.
  if (spec?.['x-kubernetes-validations'] !== undefined)
    spec['x-kubernetes-validations'] = spec['x-kubernetes-validations'].filter((rule) => !JSON.stringify(rule).includes('group'));
  for (const [part, field] of [
    [spec, 'group'],
    [status, 'pinned'],
  ] as const) {
    expect(part?.properties).toHaveProperty(field);
    delete part?.properties?.[field];
  }
  await kubectlOk(site.cluster.kubeconfig, ['apply', '--server-side', '--filename', '-'], { input: JSON.stringify(crd) });
}

it('an agent and a controller wait for CRDs that are missing, say so in one line, and begin when they are there', async () => {
  await deleteCrds();
  const roles = [await site.agent(), await site.controller()];
  for (const role of roles) {
    expect(await role.unready(/^not ready: crds: /)).toMatch(/no MdevDevice.*kubectl apply -f crds/);
    await role.until(() => troubles(role).length > 0, 'it has told why');
  }
  await installCrds(site.cluster.kubeconfig);
  await site.apply('a');
  for (const role of roles) await role.ready();
  const [agent] = roles;
  await agent?.until(async () => (await site.condition('a', 'Ready')) === 'True Ready', 'the device is Ready');
  for (const role of roles) {
    expect(troubles(role), role.log).toMatchObject([{ fault: 'Crds' }]);
    expect(troubles(role).every(isReadable), role.log).toBe(true);
    await role.until(() => role.lines.some(({ msg }) => msg === 'ready again'), 'it tells that it is ready');
  }
}, 120_000);

it('CRDs of an older version are told by what they lack in one line, and are mended by those of this one', async () => {
  // The embedded server's own come from another field manager.
  await deleteCrds();
  await installCrds(site.cluster.kubeconfig);
  await applyOldCrds();
  const controller = await site.controller();
  expect(await controller.unready(/^not ready: crds: /)).toMatch(
    /no MdevDevice spec\.group, MdevDevice status\.pinned\. Apply the CRDs of this version/,
  );
  await controller.until(() => troubles(controller).length > 0, 'it has told why');
  await installCrds(site.cluster.kubeconfig);
  await controller.ready();
  expect(troubles(controller), controller.log).toMatchObject([
    { fault: 'Crds', err: { message: expect.stringContaining('spec.group') as string } },
  ]);
  expect(troubles(controller).every(isReadable), controller.log).toBe(true);
}, 120_000);
