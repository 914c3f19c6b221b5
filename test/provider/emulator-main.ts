import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { systemClock } from '../../src/lib/clock.ts';
import { runEmulator } from '../../src/provider/emulated/process.ts';

/** The emulator as a process of its own, as the command line starts it: `node emulator-main.ts SOCKET PROFILE`; tells its parent when it serves. */
const [, , socketPath = '', profile = ''] = process.argv;
const ended = new AbortController();
process.once('SIGTERM', () => ended.abort());
await runEmulator(
  {
    socketPath,
    profileText: await readFile(profile, 'utf8'),
    clock: systemClock,
    log: pino({ level: 'silent' }),
    onReady: () => process.send?.('ready'),
  },
  ended.signal,
);
process.disconnect();
