import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RoleProcess } from '../support/role-process.ts';
import { isReadable, Site, troubles } from './site.ts';

let site: Site;

beforeEach(async () => {
  site = await Site.prepare();
});
afterEach(async () => {
  await site[Symbol.asyncDispose]();
}, 60_000);

it('an agent whose kubeconfig is missing says so in one line at every start, serves no readiness, and starts when it is there', async () => {
  const kubeconfig = join(site.folder, 'kubeconfig');
  for (const _ of [1, 2, 3]) {
    const agent = await site.agent(kubeconfig);
    expect(await agent.ended()).toBe(2);
    expect(agent.log).toMatch(/^mdev-operator: --kubeconfig: cannot use .*kubeconfig: ENOENT.*\n$/);
    expect(await agent.readyz()).toBeUndefined();
  }
  await copyFile(site.cluster.kubeconfig, kubeconfig);
  await (await site.agent(kubeconfig)).ready();
}, 120_000);

it('an agent on a data directory that another has ends with one line that says so, and starts when the other has ended', async () => {
  const first = await site.agent();
  await first.ready();
  const second = await site.agent();
  expect(await second.ended()).toBe(1);
  expect(
    second.lines.filter(({ level }) => level !== 'info'),
    second.log,
  ).toMatchObject([
    { level: 'fatal', msg: 'agent cannot go on and ends', err: { message: expect.stringContaining('another agent runs on') as string } },
  ]);
  await first.end('SIGKILL');
  await (await site.agent()).ready();
}, 120_000);

it('an emulator that dies again and again is one line of its agent, which has the devices back when it stays', async () => {
  const folder = join(site.folder, 'other');
  await mkdir(folder, { mode: 0o700 });
  const socket = join(folder, 'emulator.sock');
  await using agent = await RoleProcess.start('agent', [
    ...['--kubeconfig', site.cluster.kubeconfig, '--node-name', 'node-1', '--emulator', socket, '--data-dir', join(folder, 'data')],
  ]);
  for (const _ of [1, 2]) {
    await using emulator = await RoleProcess.start('emulator', ['--socket', socket]);
    await emulator.ready();
    await emulator.end('SIGKILL');
  }
  expect(await agent.unready(/^not ready: provider: /)).toMatch(/see that the emulator runs/);
  await using _emulator = await RoleProcess.start('emulator', ['--socket', socket]);
  await (await site.controller()).ready();
  await agent.ready();
  await site.apply('a');
  await agent.until(async () => (await site.condition('a', 'Ready')) === 'True Ready', 'the device is Ready');
  const faults = troubles(agent).filter(({ fault }) => fault !== undefined);
  expect(new Set(faults.map(({ fault }) => fault)), agent.log).toEqual(new Set(['ProviderUnreachable']));
  expect(faults.length, agent.log).toBeLessThanOrEqual(2);
  expect(faults.every(isReadable), agent.log).toBe(true);
}, 120_000);
