import { Gauge, type Registry } from 'prom-client';

/** What one device has pinned for its user. */
export interface PinSample {
  readonly uuid: string;
  readonly parent: string;
  readonly namespace: string;
  readonly name: string;
  readonly pid: number;
  /** Undefined: not known by device. */
  readonly pages: number | undefined;
  readonly lockedBytes: number;
  /** Undefined: no limit. */
  readonly limitBytes: number | undefined;
}

type Read = (signal: AbortSignal) => Promise<readonly PinSample[]>;

/**
 * The metrics of pinned memory: read when somebody asks, so that they are exact.
 * @param patience how long a scrape waits for whoever knows, ms; a scraper's own patience is about ten seconds
 */
export function createPinMetrics(
  registry: Registry,
  patience = 2_000,
): { readonly readFrom: (read: Read, onError: (error: unknown) => void) => void } {
  let source: { readonly read: Read; readonly onError: (error: unknown) => void } | undefined;
  let collecting: Promise<void> | undefined;
  /** One reading for all three metrics of a scrape. */
  const collect = (): Promise<void> => {
    collecting ??= refresh().finally(() => {
      collecting = undefined;
    });
    return collecting;
  };
  const device = ['uuid', 'parent', 'namespace', 'name'] as const;
  const common = { registers: [registry], collect };
  const pages = new Gauge({
    name: 'mdev_pinned_pages',
    help: 'Pages of its memory that the device holds pinned for its user.',
    labelNames: device,
    ...common,
  });
  const locked = new Gauge({
    name: 'mdev_locked_bytes',
    help: 'Bytes that the process of the user has locked, for all its devices.',
    labelNames: [...device, 'pid'] as const,
    ...common,
  });
  const limit = new Gauge({
    name: 'mdev_locked_limit_bytes',
    help: 'RLIMIT_MEMLOCK of the process of the user; absent where nothing holds it back.',
    labelNames: [...device, 'pid'] as const,
    ...common,
  });

  async function refresh(): Promise<void> {
    const samples = source === undefined ? [] : await readNow(source.read, source.onError, patience);
    for (const gauge of [pages, locked, limit]) gauge.reset();
    for (const { uuid, parent, namespace, name, pid, ...values } of samples) {
      const labels = { uuid, parent, namespace, name };
      if (values.pages !== undefined) pages.set(labels, values.pages);
      locked.set({ ...labels, pid }, values.lockedBytes);
      if (values.limitBytes !== undefined) limit.set({ ...labels, pid }, values.limitBytes);
    }
  }

  return {
    readFrom: (read, onError) => {
      source = { read, onError };
    },
  };
}

/** What there is to show; nothing when it cannot be read in time, as an old figure would be taken for a new one. */
async function readNow(read: Read, onError: (error: unknown) => void, patience: number): Promise<readonly PinSample[]> {
  try {
    return await read(AbortSignal.timeout(patience));
  } catch (error) {
    onError(error);
    return [];
  }
}
