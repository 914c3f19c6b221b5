import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MdevDevice } from '../../../src/api/mdev-device.ts';
import { kubectlOk } from '../../support/kubectl.ts';
import { startOperator, type Operator } from '../../support/operator.ts';
import { holdDevice } from './hold-device.ts';
import { createFile, devices, writeByHand } from './sysfs-subject.ts';

const patience = { timeout: 90_000, interval: 500 };
const slow = { timeout: 240_000 };

let operator: Operator;

beforeAll(async () => {
  operator = await startOperator(['--provider', 'sysfs']);
}, 240_000);
afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  for (const id of readdirSync(devices)) await writeByHand(`${devices}/${id}/remove`, '1');
});

const uuidOf = ({ status }: MdevDevice): string => status?.uuid ?? '';
const ready = async (name: string): Promise<string> => {
  const condition = (await operator.device(name)).status?.conditions?.find(({ type }) => type === 'Ready');
  return `${condition?.reason ?? ''}: ${condition?.message ?? ''}`;
};
/** What the operator says is left on a parent. */
async function remaining(parent: string): Promise<string> {
  const path = `{.items[?(@.spec.parent=="${parent}")].status.remaining}`;
  return kubectlOk(operator.kubeconfig, ['get', 'mdevparents', '-o', `jsonpath=${path}`], { timeout: 60_000 });
}

describe('a standalone operator on the kernel of this machine', () => {
  it('makes what is applied, and says what is left', slow, async () => {
    expect(await remaining('mtty')).toBe('mtty-1=24 mtty-2=12');
    const device = await operator.apply('first', { type: { id: 'mtty-2' } });
    expect(basename(readlinkSync(`${devices}/${uuidOf(device)}/mdev_type`))).toBe('mtty-2');
    expect(device.status?.vfio?.groupPath).toMatch(/^\/dev\/vfio\/\d+$/);
    await expect.poll(() => remaining('mtty'), patience).toBe('mtty-1=22 mtty-2=11');
  });

  it('makes a device again under its UUID that was removed by hand, and leaves one alone that somebody else made', slow, async () => {
    const uuid = uuidOf(await operator.device('first'));
    const foreign = randomUUID();
    await writeByHand(createFile('mtty', 'mtty-1'), foreign);
    await writeByHand(`${devices}/${uuid}/remove`, '1');
    await expect.poll(() => operator.events('first', 'DeviceLost'), patience).toHaveLength(1);
    await expect.poll(() => existsSync(`${devices}/${uuid}`), patience).toBe(true);
    await expect.poll(() => remaining('mtty'), patience).toBe('mtty-1=21 mtty-2=10');
    expect(existsSync(`${devices}/${foreign}`)).toBe(true);
    await writeByHand(`${devices}/${foreign}/remove`, '1');
  });

  it('finds its devices again after it was killed', slow, async () => {
    const uuid = uuidOf(await operator.device('first'));
    await operator.killAndRestart();
    await expect.poll(() => ready('first'), patience).toContain('Ready: ');
    expect(readdirSync(devices)).toEqual([uuid]);
  });

  it('waits with a removal for whoever has the device open, names them, and goes on when they let go', slow, async () => {
    const uuid = uuidOf(await operator.device('first'));
    const holder = await holdDevice(uuid);
    await operator.delete('first');
    await expect.poll(() => ready('first'), patience).toContain(`hold-device (${holder.pid})`);
    expect(existsSync(`${devices}/${uuid}`)).toBe(true);
    await operator.apply('meanwhile', { type: { id: 'mdpy-vga' } });
    await holder[Symbol.asyncDispose]();
    await expect.poll(() => operator.has('first'), patience).toBe(false);
    expect(existsSync(`${devices}/${uuid}`)).toBe(false);
  });

  it(
    'sees a device being removed by hand that is held, waits, and makes it again when the kernel is done, also after it was killed',
    slow,
    async () => {
      const uuid = uuidOf(await operator.apply('stuck', { type: { id: 'mtty-1' } }));
      const holder = await holdDevice(uuid);
      const removal = writeByHand(`${devices}/${uuid}/remove`, '1');
      await expect.poll(() => ready('stuck'), patience).toContain('Somebody removes the device by hand');
      await operator.apply('beside', { type: { id: 'mtty-1' } });
      await operator.killAndRestart();
      expect(await ready('stuck')).toContain('Somebody removes the device by hand');
      await holder[Symbol.asyncDispose]();
      await removal;
      await expect.poll(() => ready('stuck'), patience).toContain('Ready: ');
      expect(existsSync(`${devices}/${uuid}`)).toBe(true);
    },
  );
});
