import { mdevDeviceSchema } from '../../api/mdev-device.ts';
import type { ObjectKey } from '../../kube/resource.ts';
import { deviceResource } from '../../kube/resource.ts';
import { connectCluster } from '../cluster.ts';
import type { CliContext } from '../context.ts';
import { disposable } from '../disposable.ts';
import { qemuArgument, type QemuAdvice } from './argument.ts';
import { UsageError } from '../usage-error.ts';

/** How long the API server may take to answer, ms. */
const patience = 10_000;

/** Reads the device, and says how QEMU attaches it. @throws UsageError when it cannot be read */
export async function readDevice(context: CliContext, kubeconfig: string | undefined, key: ObjectKey): Promise<QemuAdvice> {
  await using client = disposable(connectCluster(context, kubeconfig, 'cli'));
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(patience)]);
  const name = `${key.namespace ?? ''}/${key.name}`;
  try {
    const object = await client.value.get(deviceResource, key, signal);
    if (object === undefined) throw new UsageError(`there is no mdevdevice ${name}`);
    return qemuArgument(mdevDeviceSchema.parse(object));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`Cannot read mdevdevice ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
