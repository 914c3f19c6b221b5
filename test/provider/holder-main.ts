import { pino } from 'pino';
import { systemClock } from '../../src/lib/clock.ts';
import { RemoteHostControl } from '../../src/provider/host/client.ts';

/** Holds a device open until it is killed: `node holder-main.ts SOCKET UUID`; tells its parent when it has it. */
const [, , socketPath = '', id = ''] = process.argv;
const control = new RemoteHostControl({ socketPath, clock: systemClock, log: pino({ level: 'silent' }) });
const hold = await control.holdOpen(id, { pid: process.pid, comm: 'holder' }, new AbortController().signal);
process.send?.('held');
hold.over.addEventListener('abort', () => process.disconnect());
