import { Gauge, type Registry } from 'prom-client';

/** How many objects carry a condition like this. */
export interface ConditionCount {
  readonly condition: string;
  readonly status: string;
  readonly reason: string;
  readonly count: number;
}

/** Whether one part of a process is ready. */
export interface ReadinessSample {
  readonly check: string;
  readonly ready: boolean;
}

export interface StateMetrics {
  /**
   * Where the conditions of MdevDevices are counted, at each scrape; nothing takes it away again. Those of several readers are added up:
   * each counts what it alone is responsible for.
   */
  conditionsFrom(reader: string, read: (() => readonly ConditionCount[]) | undefined): void;
  /** Where readiness is read, at each scrape. */
  readinessFrom(read: () => readonly ReadinessSample[]): void;
}

/**
 * Metrics that are read when somebody asks. Labels are bounded by the API: five conditions, three statuses, and the reasons of
 * src/api/reasons.ts (whoever counts writes `Other` for a reason that is not of them); checks are few and named in the code.
 */
export function createStateMetrics(registry: Registry, version: string): StateMetrics {
  const registers = [registry];
  const readers = new Map<string, () => readonly ConditionCount[]>();
  let readReadiness: () => readonly ReadinessSample[] = () => [];
  new Gauge({
    name: 'mdev_device_conditions',
    help: 'MdevDevices by condition: an agent counts those of its node, the leading controller condition Allocated of all and Ready of those without an agent that reports.',
    labelNames: ['condition', 'status', 'reason'] as const,
    registers,
    collect() {
      this.reset();
      for (const read of readers.values())
        for (const { condition, status, reason, count } of read()) this.inc({ condition, status, reason }, count);
    },
  });
  new Gauge({
    name: 'mdev_ready',
    help: 'Whether a part of this process does its work; /readyz says why not.',
    labelNames: ['check'] as const,
    registers,
    collect() {
      this.reset();
      for (const { check, ready } of readReadiness()) this.set({ check }, ready ? 1 : 0);
    },
  });
  new Gauge({ name: 'mdev_build_info', help: 'The version of this program, as a label.', labelNames: ['version'] as const, registers }).set(
    { version },
    1,
  );
  return {
    conditionsFrom(reader, read) {
      if (read === undefined) readers.delete(reader);
      else readers.set(reader, read);
    },
    readinessFrom(read) {
      readReadiness = read;
    },
  };
}
