import type { KubeClient, KubeObject } from '../../src/kube/client.ts';
import { deviceResource } from '../../src/kube/resource.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { RemoteHostControl } from '../../src/provider/host/client.ts';
import type { HostState } from '../../src/provider/host/contract.ts';
import { emulatorPid } from '../../src/cli/emulator-pid.ts';
import { pino } from 'pino';
import { clientFor, waitForObjects } from '../support/cluster-client.ts';
import { startStandalone, type StandaloneProcess } from '../support/standalone-process.ts';

/** Who is killed with -9, in this order. */
export type Victim = 'operator' | 'emulator';

/** One round: the victims die when so many creates (or deletes) have been answered. */
export interface Plan {
  readonly victims: readonly Victim[];
  readonly afterCreates: number;
  readonly killDuringDelete: boolean;
}

export const deviceCount = 200;
const cryptoCount = 40;
const profile = new URL('../profiles/many.yaml', import.meta.url).pathname;
/** What profiles/many.yaml has at boot: made by others, never to be touched. */
const foreignUUID = '0f0f0f0f-0000-4000-8000-000000000001';

interface Device extends KubeObject {
  readonly status?: {
    readonly uuid?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly observedGeneration?: number }[];
  };
}

function manifest(index: number): object {
  const crypto = index < cryptoCount;
  const attributes = [
    { name: 'assign_adapter', value: String(index) },
    ...[1, 2, 3].map((domain) => ({ name: 'assign_domain', value: String(domain) })),
  ];
  return {
    metadata: { name: `device-${index}` },
    spec: crypto ? { type: { id: 'vfio_ap-passthrough' }, attributes } : { type: { id: 'mtty-1' } },
  };
}

/** What the emulated device of `manifest(index)` shows when all of its attributes have been written. */
function expectedMatrix(index: number): string {
  const adapter = index.toString(16).padStart(2, '0');
  return [1, 2, 3].map((domain) => `${adapter}.000${domain}`).join('\n');
}

export function startOperator(dataDir: string): Promise<StandaloneProcess> {
  return startStandalone(dataDir, ['--profile', profile]);
}

async function killAll(victims: readonly Victim[], operator: StandaloneProcess): Promise<void> {
  for (const victim of victims) {
    if (victim === 'operator') await operator.end('SIGKILL');
    else {
      const pid = await emulatorPid(operator.emulatorSocket);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    }
  }
}

/** Runs `act` for all indices, eight at a time, and calls `onDone` after each that was answered; those cut off are left. */
async function forAll(act: (index: number) => Promise<unknown>, onDone: (index: number) => void): Promise<void> {
  const indices = Array.from({ length: deviceCount }, (_, index) => index).values();
  const lane = async (): Promise<void> => {
    for (const index of indices) {
      const answered = await act(index).then(
        () => true,
        () => false,
      );
      if (answered) onDone(index);
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

async function interrupted(
  act: (client: KubeClient, index: number) => Promise<unknown>,
  operator: StandaloneProcess,
  plan: Plan,
): Promise<{ operator: StandaloneProcess; answered: Set<number> }> {
  const client = clientFor(operator.kubeconfig);
  const answered = new Set<number>();
  let killing: Promise<void> | undefined;
  await forAll(
    (index) => act(client, index),
    (index) => {
      answered.add(index);
      if (answered.size === plan.afterCreates) killing = killAll(plan.victims, operator);
    },
  );
  await killing;
  await client.close();
  return {
    operator: operator.child.exitCode === null && operator.child.signalCode === null ? operator : await startOperator(operator.dataDir),
    answered,
  };
}

function isReady(object: Device): boolean {
  return object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** What is wrong with the host, judged by the emulator alone, given the objects. Nothing, if all is well. */
function faults(state: HostState, objects: ReadonlyMap<string, Device>): string[] {
  const found: string[] = [];
  const wanted = new Map([...objects.values()].map((object) => [object.status?.uuid ?? `${object.metadata.name} has no UUID`, object]));
  if (wanted.size !== objects.size) found.push('two objects have one UUID');
  for (const device of state.devices) {
    if (device.id === foreignUUID) continue;
    const object = wanted.get(device.id);
    if (object === undefined) found.push(`orphan: ${device.id} on ${device.parent}`);
    if (device.state !== 'live') found.push(`${device.id} is ${device.state}`);
    const index = Number(object?.metadata.name.split('-')[1]);
    const matrix = device.attributes.find(({ name }) => name === 'matrix')?.value;
    if (index < cryptoCount && matrix !== expectedMatrix(index))
      found.push(`device-${index} has half of its attributes: ${JSON.stringify(matrix)}`);
    wanted.delete(device.id);
  }
  for (const [uuid, object] of wanted) found.push(`missing: ${object.metadata.name} (${uuid})`);
  if (!state.devices.some(({ id }) => id === foreignUUID)) found.push('the foreign device is gone');
  return found;
}

async function hostState(operator: StandaloneProcess): Promise<HostState> {
  const host = new RemoteHostControl({ socketPath: operator.emulatorSocket, clock: systemClock, log: pino({ level: 'silent' }) });
  try {
    return await host.state(AbortSignal.timeout(10_000));
  } finally {
    host.close();
  }
}

/**
 * One round: 200 creates with kills in their midst, all Ready afterwards and judged; 200 deletes, perhaps with kills, nothing left.
 * Answers the operator that runs then.
 * @throws Error saying what was lost, doubled or left over
 */
export async function chaosRound(first: StandaloneProcess, plan: Plan): Promise<StandaloneProcess> {
  const signal = AbortSignal.timeout(120_000);
  const created = await interrupted(
    (client, index) => client.create(deviceResource, manifest(index), { namespace: 'default' }, signal),
    first,
    plan,
  );
  let operator = created.operator;
  const client = clientFor(operator.kubeconfig);
  try {
    for (const index of created.answered) {
      const found = await client.get(deviceResource, { namespace: 'default', name: `device-${index}` }, signal);
      if (found === undefined) throw new Error(`device-${index} was acknowledged and is lost`);
    }
    for (let index = 0; index < deviceCount; index++)
      if (!created.answered.has(index))
        await client.apply(
          deviceResource,
          { namespace: 'default', name: `device-${index}` },
          manifest(index),
          { fieldManager: 'chaos', force: true },
          signal,
        );
    const objects = await waitForObjects(
      client,
      deviceResource,
      (all) => all.size === deviceCount && [...all.values()].every((object) => isReady(object as Device)),
      60_000,
    );
    const wrong = await settledFaults(operator, objects);
    if (wrong.length > 0) throw new Error(`after the creates: ${wrong.join('; ')}`);
  } finally {
    await client.close();
  }

  const remove = (target: KubeClient, index: number): Promise<void> =>
    target.delete(deviceResource, { namespace: 'default', name: `device-${index}` }, {}, signal);
  operator = (await interrupted(remove, operator, plan.killDuringDelete ? plan : { ...plan, afterCreates: -1 })).operator;
  const after = clientFor(operator.kubeconfig);
  try {
    await forAll(
      (index) => remove(after, index),
      () => undefined,
    );
    await waitForObjects(after, deviceResource, (all) => all.size === 0, 60_000);
    const wrong = await settledFaults(operator, new Map());
    if (wrong.length > 0) throw new Error(`after the deletes: ${wrong.join('; ')}`);
  } finally {
    await after.close();
  }
  return operator;
}

/**
 * The faults on the host. Right after a kill of the emulator the objects may still say Ready of the boot before; so a host
 * that is not as it should be is looked at again, as the agent reports, for as long as a user would wait.
 */
async function settledFaults(operator: StandaloneProcess, objects: ReadonlyMap<string, Device>): Promise<string[]> {
  const deadline = systemClock.monotonic() + 30_000;
  for (;;) {
    const wrong = faults(await hostState(operator), objects);
    if (wrong.length === 0 || systemClock.monotonic() > deadline) return wrong;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
