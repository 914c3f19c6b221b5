import { once } from 'node:events';
import type { Logger } from 'pino';
import { bootHost } from '../../emulator/host.ts';
import { parseProfile } from '../../emulator/profile.ts';
import { ThreadedExposure } from '../../emulator/threaded-exposure.ts';
import type { Clock } from '../../lib/clock.ts';
import { EmulatedHostControl } from '../host/emulated.ts';
import { hostService } from '../host/service.ts';
import { providerService } from '../remote/provider-service.ts';
import { serveSocket } from '../remote/server.ts';
import { logReport } from './log-report.ts';
import { EmulatedProvider } from './provider.ts';

export interface EmulatorOptions {
  /** Where the socket appears, mode 0600. */
  readonly socketPath: string;
  /** The host profile: YAML. */
  readonly profileText: string;
  /** The folder, which exists, of the sockets by which the devices can be used over vfio-user; left out, they cannot be. */
  readonly runDir?: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once the socket can be connected to. */
  readonly onReady?: () => void;
}

/**
 * The emulated kernel as a process: boots a host from the profile and serves its provider and the hands of others, until `signal`
 * aborts. Devices live in memory only: the end is the host's power cut, whoever holds what.
 * @throws ProfileError; Error if the socket cannot be had, or the emulated kernel broke
 */
export async function runEmulator(options: EmulatorOptions, signal: AbortSignal): Promise<void> {
  const { socketPath, profileText, runDir, clock, log } = options;
  const oops = new AbortController();
  const end = AbortSignal.any([signal, oops.signal]);
  await using host = await bootHost(parseProfile(profileText), {
    clock,
    report: (report) => logReport(log, report),
    ...(runDir !== undefined && {
      expose: (core) =>
        new ThreadedExposure({
          core,
          runDir,
          log: (level, message, details) => log[level](details, message),
          onFailure: (error) => oops.abort(new Error('The I/O thread of the devices failed', { cause: error })),
        }),
    }),
  });
  const provider = new EmulatedProvider({ host, clock, log });
  const services = [providerService(provider), hostService(new EmulatedHostControl(host))];
  await using _server = await serveSocket({ socketPath, services, log });
  log.info({ socketPath, bootID: host.bootID, parents: host.parentNames() }, 'emulated host booted');
  options.onReady?.();
  if (!end.aborted) await once(end, 'abort');
  await provider.close();
  oops.signal.throwIfAborted();
}
