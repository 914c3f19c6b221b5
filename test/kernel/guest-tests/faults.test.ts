import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kubectlOk } from '../../support/kubectl.ts';
import { startOperator, type Operator } from '../../support/operator.ts';
import { healAll, setOutcome } from './mfault.ts';
import { devices, writeByHand } from './sysfs-subject.ts';
import { writersOf } from './writers.ts';

const patience = { timeout: 180_000, interval: 500 };
const slow = { timeout: 600_000 };
const type = { id: 'mfault-small' };

let operator: Operator;

beforeAll(async () => {
  operator = await startOperator(['--provider', 'sysfs']);
}, 400_000);
afterEach(healAll);
afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  for (const id of readdirSync(devices)) await writeByHand(`${devices}/${id}/remove`, '1');
});

async function apply(name: string, spec: object): Promise<void> {
  const manifest = { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice', metadata: { name, namespace: 'default' }, spec };
  await kubectlOk(operator.kubeconfig, ['apply', '-f', '-'], { input: JSON.stringify(manifest) });
}

/** Reason and message of condition Ready. */
async function ready(name: string): Promise<string> {
  const condition = (await operator.device(name)).status?.conditions?.find((each) => each.type === 'Ready');
  return `${condition?.reason ?? ''}: ${condition?.message ?? ''}`;
}

/** Waits until condition Ready has this reason. kubectl waits: each start of it takes a guest seconds. */
async function untilReason(name: string, reason: string): Promise<void> {
  const path = `{.status.conditions[?(@.type=="Ready")].reason}`;
  await kubectlOk(operator.kubeconfig, ['wait', `--for=jsonpath=${path}=${reason}`, '--timeout=180s', `mdev/${name}`], patience);
}

async function uuidOf(name: string): Promise<string> {
  return (await operator.device(name)).status?.uuid ?? '';
}

/** Deletes the objects, which are all that there are, and waits until they are gone, and their devices with them. */
async function remove(...names: string[]): Promise<void> {
  await kubectlOk(operator.kubeconfig, ['delete', 'mdev', ...names], patience);
  expect(readdirSync(devices)).toEqual([]);
}

/** When the agent last said that it lives. */
async function heartbeat(): Promise<string> {
  const args = ['get', 'lease', '-n', 'kube-node-lease', 'mdev-node-1', '-o', 'jsonpath={.spec.renewTime}'];
  return kubectlOk(operator.kubeconfig, args);
}

const attributes = [
  { name: 'vendor/level', value: '42' },
  { name: 'vendor/mode', value: 'fast' },
];
const attributeOf = (uuid: string, name: string): string => readFileSync(`${devices}/${uuid}/${name}`, 'utf8').trim();

describe('a driver that fails', () => {
  it(
    'at an attribute: the device is rolled back, the attribute and what to do are named, and a corrected object gets its device',
    slow,
    async () => {
      await apply('tuned', { type, attributes: [...attributes, { name: 'vendor/broken', value: '1' }] });
      await untilReason('tuned', 'AttributeFailed');
      expect(await ready('tuned')).toMatch(
        /^AttributeFailed: Attribute vendor\/broken \(number 3\): The driver failed .* kernel log, .*EIO.* rolled back\.$/,
      );
      // It is tried again ever more seldom: what is there now and then is gone again.
      await expect.poll(() => readdirSync(devices), patience).toEqual([]);
      await remove('tuned');

      await apply('tuned', { type, attributes: [{ name: 'vendor/level', value: '101' }] });
      await expect
        .poll(() => ready('tuned'), patience)
        .toMatch(/^AttributeFailed: Attribute vendor\/level \(number 1\): The driver refuses .*EINVAL/);
      await remove('tuned');

      await apply('tuned', { type, attributes });
      await untilReason('tuned', 'Ready');
      const uuid = await uuidOf('tuned');
      expect(attributes.map(({ name }) => attributeOf(uuid, name))).toEqual(['42', 'fast']);
      await remove('tuned');
    },
  );

  it('at the creation: that is said with what to do, and the device is made once the driver does', slow, async () => {
    setOutcome('create', 'EIO');
    await apply('made', { type });
    await expect.poll(() => ready('made'), patience).toMatch(/^CreateFailed: The driver failed .* kernel log; it is tried again\. .*EIO/);
    await expect.poll(() => readdirSync(devices), patience).toEqual([]);
    healAll();
    await untilReason('made', 'Ready');
    expect(readdirSync(devices)).toEqual([await uuidOf('made')]);
    await remove('made');
  });
});

describe('a driver that hangs', () => {
  it(
    'in the creation: the object says where and since when, all else goes on, and an agent that was killed finds it again',
    slow,
    async () => {
      setOutcome('create', 'hang');
      await apply('hung', { type });
      await expect
        .poll(() => ready('hung'), patience)
        .toMatch(/^KernelBlocked: .*creating the device on parent mfault, since \d{4}-\d\d-\d\dT/);
      const said = await ready('hung');
      const uuid = await uuidOf('hung');
      const [writer] = writersOf(uuid);
      expect(writer).toMatchObject({ kind: 'create', state: 'D', pending: '0' });

      const before = await heartbeat();
      await apply('elsewhere', { type: { id: 'mtty-1' } });
      await untilReason('elsewhere', 'Ready');
      await expect.poll(heartbeat, patience).not.toBe(before);
      expect(await ready('hung')).toBe(said);

      await operator.killAndRestart();
      await apply('later', { type: { id: 'mdpy-vga' } });
      await untilReason('later', 'Ready');
      await expect.poll(() => ready('hung'), patience).toBe(said);
      expect(writersOf(uuid)).toEqual([writer]);

      healAll();
      await untilReason('hung', 'Ready');
      expect(await uuidOf('hung')).toBe(uuid);
      expect(readdirSync('/sys/class/mdev_bus/mfault/mdev_supported_types/mfault-small/devices')).toEqual([uuid]);
      expect(readdirSync(devices)).toHaveLength(3);
      await remove('elsewhere', 'later', 'hung');
    },
  );

  it('in an attribute: the device is not said to be refused, and is made anew once the driver has answered', slow, async () => {
    setOutcome('attribute', 'hang');
    await apply('slow', { type, attributes });
    await expect
      .poll(() => ready('slow'), patience)
      .toMatch(/^KernelBlocked: .*writing attribute vendor\/level of the device on parent mfault, since /);
    const uuid = await uuidOf('slow');
    expect(readdirSync(devices)).toEqual([uuid]);
    healAll();
    await untilReason('slow', 'Ready');
    expect(readdirSync(devices)).toEqual([uuid]);
    expect(attributes.map(({ name }) => attributeOf(uuid, name))).toEqual(['42', 'fast']);
  });

  it('in the removal: the object stays and says so, and goes when the device has gone', slow, async () => {
    setOutcome('remove', 'hang');
    await operator.delete('slow');
    await expect.poll(() => ready('slow'), patience).toMatch(/^Deleting: .*on parent mfault, since .*its driver hangs/);
    const { conditions = [] } = (await operator.device('slow')).status ?? {};
    const created = conditions.find((each) => each.type === 'Created');
    expect(created).toMatchObject({ status: 'False', reason: 'KernelBlocked' });
    expect(conditions.find((each) => each.type === 'InUse')).toMatchObject({ status: 'False' });
    healAll();
    await expect.poll(() => operator.has('slow'), patience).toBe(false);
    expect(readdirSync(devices)).toEqual([]);
  });
});
