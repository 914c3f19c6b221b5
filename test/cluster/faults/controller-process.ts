/** A controller as a process of its own that wants to lead, with short terms. Arguments: kubeconfig and identity. */
import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { runController } from '../../../src/controller/controller.ts';
import { HttpClient } from '../../../src/kube/http-client.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { leaseTiming } from './lease-timing.ts';

const [, , kubeconfig = '', identity = ''] = process.argv;
const config = new KubeConfig();
config.loadFromFile(kubeconfig);
// What it waits for does not keep Node.js alive.
setInterval(() => undefined, 60_000);
await runController(
  {
    client: new HttpClient({ config, clock: systemClock, userAgent: identity }),
    clock: systemClock,
    random: Math.random,
    log: pino({ level: 'silent' }),
    identity,
    leaderElection: true,
    leaseTiming,
    adoptNamespaces: [],
    hooks: {
      onSynced: () => void process.stdout.write('leads\n'),
      onLeading: (leading) => {
        if (!leading) process.stdout.write('rests\n');
      },
    },
  },
  new AbortController().signal,
);
