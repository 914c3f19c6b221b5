import { fork } from 'node:child_process';
import { once } from 'node:events';
import { deviceResource } from '../src/kube/resource.ts';
import { clientFor, waitForObjects } from '../test/support/cluster-client.ts';
import { temporaryDataDir } from '../test/support/standalone-process.ts';
import { inLanes } from './device-objects.ts';
import { residentKiB, startApiServerProcess } from './processes.ts';
import { bound, type BenchResult } from './result.ts';

const few = 500;
const many = 4500;
const profile = new URL('./profiles/thousands.yaml', import.meta.url).pathname;
const main = new URL('../src/main.ts', import.meta.url).pathname;
const flags = ['--disable-warning=ExperimentalWarning'];

/** Growth of the agent's resident memory per device, between 500 and 4,500 Ready devices. Controller, API server and emulator are processes of their own. */
export async function memoryPerDevice(): Promise<readonly BenchResult[]> {
  await using server = await startApiServerProcess();
  const dataDir = await temporaryDataDir();
  const socket = `${dataDir}/emulator.sock`;
  const emulator = fork(main, ['emulator', '--socket', socket, '--profile', profile, '--log-level', 'silent'], { execArgv: flags });
  await once(emulator, 'message');
  const client = clientFor(server.kubeconfig);
  const signal = AbortSignal.timeout(600_000);
  await client.create(
    { group: '', version: 'v1', plural: 'nodes', namespaced: false, kind: 'Node' },
    { metadata: { name: 'node-1' } },
    {},
    signal,
  );
  const controller = fork(main, ['controller', '--kubeconfig', server.kubeconfig, '--log-level', 'silent'], { execArgv: flags });
  const agent = fork(
    main,
    [
      'agent',
      '--kubeconfig',
      server.kubeconfig,
      '--node-name',
      'node-1',
      '--emulator',
      socket,
      '--data-dir',
      dataDir,
      '--log-level',
      'silent',
    ],
    {
      // As deploy/base/agent.yaml runs it.
      execArgv: [...flags, '--max-semi-space-size=2', '--expose-gc', '--import', new URL('./collect-on-signal.ts', import.meta.url).href],
    },
  );
  const grow = async (from: number, to: number): Promise<number> => {
    await inLanes(to - from, 16, async (index) => {
      await client.create(
        deviceResource,
        { metadata: { name: `device-${from + index}` }, spec: { type: { id: 'mtty-1' } } },
        { namespace: 'default' },
        signal,
      );
    });
    await waitForObjects(
      client,
      deviceResource,
      (objects) =>
        objects.size === to &&
        [...objects.values()].every(({ status }) => JSON.stringify(status ?? {}).includes('"type":"Ready","status":"True"')),
      300_000,
    );
    return residentKiB(agent.pid ?? 0);
  };
  const small = await grow(0, few);
  const large = await grow(few, many);
  await client.close();
  for (const child of [agent, controller, emulator]) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  return [bound('memory.per_device', (large - small) / (many - few), 'KiB of the agent', 4)];
}
