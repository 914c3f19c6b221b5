/**
 * An agent as a process of its own that dies at a chosen point, as by kill -9: before or after its n-th call that changes
 * something in the kernel. Its only argument is the JSON of ProcessInit.
 */
import { systemClock } from '../../src/lib/clock.ts';
import { RemoteProvider } from '../../src/provider/remote/client.ts';
import { runDoomedAgent, withChanges, type DoomedInit } from './doomed-agent.ts';

export interface ProcessInit extends DoomedInit {
  readonly socketPath: string;
  /** Which changing call, from 1 on, and on which side of it; never, if left out. */
  readonly die?: { readonly call: number; readonly side: 'before' | 'after' };
}

const [, , text = '{}'] = process.argv;
const { socketPath, die, ...init } = JSON.parse(text) as ProcessInit;

let calls = 0;
async function changing<T>(_: string, call: () => Promise<T>): Promise<T> {
  calls += 1;
  const last = calls === die?.call;
  if (last && die.side === 'before') process.kill(process.pid, 'SIGKILL');
  const result = await call();
  if (last) process.kill(process.pid, 'SIGKILL');
  return result;
}

await runDoomedAgent(init, {
  provider: (log) => withChanges(new RemoteProvider({ socketPath, clock: systemClock, log }), changing),
  onSynced: () => process.stdout.write('synced\n'),
});
