import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { systemClock } from '../src/lib/clock.ts';
import { RemoteProvider } from '../src/provider/remote/client.ts';
import type { BenchResult } from './result.ts';
import { atLeastOf, median } from './result.ts';

const reads = 20_000;
const rounds = 9;
const id = '12345678-1234-1234-1234-123456789abc';
/** The configuration space, which every emulated PCI device has. */
const region = '7';

/**
 * `vfiouser.read`: round trips a second of a read of four bytes, at the emulator as it is run, beside a minimal server in C on the same kind
 * of socket with the same client in C. Both take turns.
 */
export async function vfiouserRead(): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'mdev-bench-'));
  try {
    const [client, peer] = ['client', 'server'].map((name) => compile(folder, `vfiouser-${name}`)) as [string, string];
    await using emulator = await startEmulator(folder);
    const rates = { ours: [] as number[], peer: [] as number[] };
    // The first round compiles.
    await readFrom(client, emulator.path);
    for (let round = 0; round < rounds; round++) {
      rates.ours.push(await readFrom(client, emulator.path));
      rates.peer.push(await readFromPeer(client, peer, join(folder, `peer-${round}.sock`)));
    }
    return atLeastOf('vfiouser.read', median(rates.ours), '1/s', median(rates.peer), 0.7);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compile(folder: string, name: string): string {
  const program = join(folder, name);
  execFileSync('gcc', ['-O2', '-o', program, fileURLToPath(new URL(`./c/${name}.c`, import.meta.url))]);
  return program;
}

/** An emulator with one serial device; `path` is the device's socket. */
async function startEmulator(folder: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const socketPath = join(folder, 'e.sock');
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const args = ['--disable-warning=ExperimentalWarning', main, 'emulator', '--socket', socketPath, '--log-level', 'error'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'message');
  const provider = new RemoteProvider({ socketPath, clock: systemClock, log: pino({ level: 'silent' }) });
  const device = await provider.create({ id, parent: 'mtty', typeID: 'mtty-1' }, AbortSignal.timeout(10_000));
  await provider.close();
  return {
    path: device.socketPath ?? '',
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** Round trips a second of the client at this socket. */
async function readFrom(client: string, path: string): Promise<number> {
  const child = spawn(client, [path, region, String(reads)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  await once(child, 'exit');
  return Number(output);
}

async function readFromPeer(client: string, peer: string, path: string): Promise<number> {
  const server = spawn(peer, [path], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  while (!existsSync(path)) await wait(10);
  const rate = await readFrom(client, path);
  await ended;
  return rate;
}
