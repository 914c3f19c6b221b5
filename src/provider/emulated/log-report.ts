import type { Logger } from 'pino';
import type { KernelReport } from '../../emulator/mdev/snapshot.ts';

/** Writes to our log what the kernel would write to its own. */
export function logReport(log: Logger, report: KernelReport): void {
  switch (report.kind) {
    case 'parent-waits':
      log.warn(report, 'a parent that is being unregistered waits for its devices');
      return;
    case 'removal-waits':
      log.warn(report, 'the removal of a device waits until the device is closed');
      return;
    case 'refusal-ignored':
    case 'probe-failed':
    case 'driver-error': {
      const { error, ...rest } = report;
      log.warn({ ...rest, err: error }, 'a driver failed');
    }
  }
}
