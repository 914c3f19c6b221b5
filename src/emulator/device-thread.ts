/** The emulator's I/O thread, as a Worker is started: device models on the one side, the vfio-user protocol on the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { modelSpecSchema } from './drivers/model-spec.ts';
import { createModel } from './drivers/models.ts';
import { runIOThread } from './vfio-user/io-thread.ts';
import type { ThreadData } from './vfio-user/thread-protocol.ts';

if (parentPort === null) throw new Error('device-thread.ts is run as a Worker');
await runIOThread({
  data: workerData as ThreadData,
  port: parentPort,
  createModel: (model, services) => createModel(modelSpecSchema.parse(model), services),
});
