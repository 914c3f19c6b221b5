import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isReadable, Site, troubles } from './site.ts';

let site: Site;
let tokenFile: string;
let kubeconfig: string;

beforeEach(async () => {
  site = await Site.prepare();
  tokenFile = join(site.folder, 'token');
  kubeconfig = await site.kubeconfigWithToken(tokenFile);
});
afterEach(async () => {
  await site[Symbol.asyncDispose]();
}, 60_000);

/** As a kubelet does it: the file is replaced as a whole. */
async function give(token: string): Promise<void> {
  await writeFile(`${tokenFile}.new`, token, { mode: 0o600 });
  await rename(`${tokenFile}.new`, tokenFile);
}

const wrong = 'not-a-token-that-anybody-knows';

it('a wrong token is one line without the token, and is mended by a right one without a restart', async () => {
  await give(wrong);
  const roles = [await site.agent(kubeconfig), await site.controller(kubeconfig)];
  for (const role of roles) {
    expect(await role.unready(/^not ready: requests: /)).toMatch(/Unauthorized.*give a token that is valid/);
    // Long enough for several tries of each of its parts.
    await role.until(
      async () => /mdev_api_requests_total\{[^}]*code="401"\} ([3-9]|\d\d)/.test(await role.metrics()),
      'it was refused several times',
    );
    expect(troubles(role), role.log).toMatchObject([{ fault: 'TokenRefused' }]);
    expect(troubles(role).every(isReadable), role.log).toBe(true);
  }
  await give(await site.goodToken());
  for (const role of roles) await role.ready();
  await site.apply('a');
  const [agent] = roles;
  await agent?.until(async () => (await site.condition('a', 'Ready')) === 'True Ready', 'the device is Ready');
  for (const role of roles) {
    await role.until(() => role.lines.some(({ msg }) => msg === 'ready again'), 'it tells that it is ready again');
    expect(role.log).not.toContain(wrong);
    expect(role.log).not.toContain(await site.goodToken());
  }
}, 120_000);

it('a token file that is missing is told as that, and a token that expires while an agent runs as one that is refused', async () => {
  const agent = await site.agent(kubeconfig);
  expect(await agent.unready(/^not ready: requests: /)).toMatch(/ENOENT.*token.*give a token that is valid/);
  await give(await site.goodToken());
  await agent.ready();
  await give(wrong);
  // Its watches stay open; the next renewal of its Lease finds out, or what it writes of its parents before.
  await agent.unready(/^not ready: requests: .*Unauthorized/);
  await give(await site.goodToken());
  await agent.ready();
  expect(
    troubles(agent).map(({ fault }) => fault),
    agent.log,
  ).toEqual(['TokenRefused', 'TokenRefused']);
}, 120_000);
