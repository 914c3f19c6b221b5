import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import type { Logger } from 'pino';
import { sleep, type Clock } from '../lib/clock.ts';
import { emulatorPid } from './emulator-pid.ts';

/** How the emulator of this data directory is found or started. */
export interface EmulatorSupervisorOptions {
  readonly socketPath: string;
  readonly profilePath: string;
  /** Where the devices' sockets shall be, if the user said so. */
  readonly runDir: string | undefined;
  /** Where the emulator's own log goes: it outlives this process, so it cannot share its standard error. */
  readonly logFile: string;
  readonly self: readonly [string, ...string[]];
  readonly clock: Clock;
  readonly log: Logger;
}

/** A connection kept open for as long as the emulator lives; undefined if nobody answers on the socket. */
function tryConnect(socketPath: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(new Error(`Cannot connect to the emulator at ${socketPath}`, { cause: error }));
    });
  });
}

/** Starts an emulator that does not end with this process; resolves when it says that it serves. */
async function start(options: EmulatorSupervisorOptions): Promise<void> {
  const log = await open(options.logFile, 'a', 0o600);
  try {
    const [executable, ...args] = options.self;
    const runDir = options.runDir === undefined ? [] : ['--run-dir', options.runDir];
    const child = spawn(executable, [...args, 'emulator', '--socket', options.socketPath, '--profile', options.profilePath, ...runDir], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('error', (cause) => reject(new Error('Cannot start the emulator', { cause })));
      child.once('exit', (code) =>
        reject(new Error(`The emulator ended at its start with status ${code ?? 'unknown'}; see ${options.logFile}`)),
      );
    });
    child.disconnect();
    child.unref();
  } finally {
    await log.close();
  }
}

/** Resolves when the other side ends the connection, or `signal` aborts. */
function closed(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done, { once: true });
    socket.once('close', done);
    socket.on('error', done);
    socket.resume();
    if (signal.aborted) done();
  });
}

/**
 * Keeps an emulator on `socketPath`: finds the one that lives, else starts one, and starts another when it dies, which is
 * the emulated node's reboot. `onReady` is called once, when the first answers. When `signal` aborts the emulator is ended too.
 */
export async function superviseEmulator(options: EmulatorSupervisorOptions, onReady: () => void, signal: AbortSignal): Promise<void> {
  let failures = 0;
  let announced = false;
  while (!signal.aborted) {
    const socket = (await tryConnect(options.socketPath)) ?? (await start(options).then(() => tryConnect(options.socketPath), startFailed));
    if (socket === undefined) {
      await sleep(options.clock, 100 * 2 ** ++failures, signal).catch(ignoreAbort(signal));
      continue;
    }
    failures = 0;
    if (!announced) onReady();
    announced = true;
    await closed(socket, signal);
    if (isAborted(signal)) await endEmulator(socket, options);
    // What the emulator had is gone with it, as with a kernel; the next one has another boot ID.
    else options.log.warn('the emulator ended: the emulated node reboots');
  }

  function startFailed(error: unknown): undefined {
    if (failures >= 5) throw error;
    options.log.warn({ err: error }, 'the emulator did not start');
    return undefined;
  }
}

/** Ends the emulator behind `socket`, and waits for its end as long as a user would. */
async function endEmulator(socket: Socket, { socketPath, clock, log }: EmulatorSupervisorOptions): Promise<void> {
  const pid = await emulatorPid(socketPath);
  if (pid === undefined) log.warn({ socketPath }, 'the emulator is left running: its process is not known');
  else {
    process.kill(pid, 'SIGTERM');
    const patience = new AbortController();
    const cancel = clock.setTimeout(() => patience.abort(), 1500);
    await closed(socket, patience.signal);
    cancel();
  }
  socket.destroy();
}

// Apart, because the type checker takes the flag for settled after its first look.
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function ignoreAbort(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
