import { once } from 'node:events';
import type { Logger } from 'pino';
import { bootHost } from '../../emulator/host.ts';
import { parseProfile } from '../../emulator/profile.ts';
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
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once the socket can be connected to. */
  readonly onReady?: () => void;
}

/**
 * The emulated kernel as a process: boots a host from the profile and serves its provider and the hands of others, until `signal`
 * aborts. Devices live in memory only: the end is the host's power cut, whoever holds what.
 * @throws ProfileError; Error if the socket cannot be had
 */
export async function runEmulator(options: EmulatorOptions, signal: AbortSignal): Promise<void> {
  const { socketPath, profileText, clock, log } = options;
  await using host = await bootHost(parseProfile(profileText), { clock, report: (report) => logReport(log, report) });
  const provider = new EmulatedProvider({ host, clock, log });
  const services = [providerService(provider), hostService(new EmulatedHostControl(host))];
  await using _server = await serveSocket({ socketPath, services, log });
  log.info({ socketPath, bootID: host.bootID, parents: host.parentNames() }, 'emulated host booted');
  options.onReady?.();
  if (!signal.aborted) await once(signal, 'abort');
  await provider.close();
}
