/**
 * A process that gives orders as an agent does, to be killed: for each argument, `create ID`, `attribute ID` or `remove ID`, one about a device of
 * parent mfault, all at once.
 */
import { pino } from 'pino';
import { systemClock } from '../../../src/lib/clock.ts';
import { SysfsProvider } from '../../../src/provider/sysfs/provider.ts';

// Orders are given up whose writers take too long to start.
const deadline = 600_000;
const provider = new SysfsProvider({ root: '/', clock: systemClock, log: pino({ level: 'silent' }), deadline });
const { signal } = new AbortController();

async function obey(order: string): Promise<void> {
  const [kind, id = ''] = order.split(' ');
  if (kind === 'create') await provider.create({ id, parent: 'mfault', typeID: 'mfault-small' }, signal);
  else if (kind === 'remove') await provider.remove(id, signal);
  else await provider.setAttribute(id, 'vendor/level', '42', signal);
}

// It lives until it is killed, whatever the kernel answers.
setInterval(() => undefined, 60_000);
await Promise.allSettled(process.argv.slice(2).map(obey));
