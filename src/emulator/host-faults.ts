/** Drivers that misbehave on demand. */
import type { Errno } from '../lib/errno.ts';
import { ErrnoError } from '../lib/errno.ts';
import type { Attribute, ParentOps } from './mdev/driver.ts';

export type FaultOperation = 'create' | 'remove' | 'online' | 'attribute' | 'open';

/** A driver that misbehaves: its operation fails with an errno, or hangs until the fault is cleared. */
export interface Fault {
  readonly parent: string;
  readonly operation: FaultOperation;
  readonly outcome: Errno | 'hang';
  /** How many operations it strikes; all until cleared, if left out. */
  readonly times?: number;
}

/** Which faults: those of this parent, of this operation, or all. */
export interface FaultFilter {
  readonly parent?: string;
  readonly operation?: FaultOperation;
}

interface Hung {
  readonly fault: Fault;
  readonly goOn: () => void;
}

/** The faults of a host. The oldest that fits an operation strikes it. */
export class Faults {
  readonly #power: AbortSignal;
  readonly #entries: { readonly fault: Fault; left: number }[] = [];
  readonly #hung = new Set<Hung>();

  constructor(power: AbortSignal) {
    this.#power = power;
  }

  inject(fault: Fault): void {
    const { times = Infinity } = fault;
    if (times !== Infinity && !(Number.isInteger(times) && times > 0))
      throw new ErrnoError('EINVAL', `times must be a whole number above 0, not ${times}`);
    this.#entries.push({ fault, left: times });
  }

  /** Ends the faults that fit, and lets what hangs by them go on. */
  clear(filter: FaultFilter = {}): void {
    const fits = ({ parent, operation }: Fault): boolean =>
      (filter.parent ?? parent) === parent && (filter.operation ?? operation) === operation;
    const kept = this.#entries.filter(({ fault }) => !fits(fault));
    this.#entries.splice(0, Infinity, ...kept);
    for (const { fault, goOn } of [...this.#hung]) if (fits(fault)) goOn();
  }

  /** The faults that still strike, with how many times are left. */
  list(): Fault[] {
    return this.#entries.map(({ fault, left }) => (left === Infinity ? fault : { ...fault, times: left }));
  }

  /** How many operations hang now. */
  get hanging(): number {
    return this.#hung.size;
  }

  /** Lets an operation pass, fail or hang. @throws ErrnoError the fault's errno, or ENODEV when the power goes while it hangs */
  async strike(parent: string, operation: FaultOperation): Promise<void> {
    const index = this.#entries.findIndex(({ fault }) => fault.parent === parent && fault.operation === operation);
    const entry = this.#entries[index];
    if (entry === undefined) return;
    if (--entry.left === 0) this.#entries.splice(index, 1);
    const { fault } = entry;
    if (fault.outcome !== 'hang') throw new ErrnoError(fault.outcome, `${operation} on ${parent} fails by an injected fault`);
    await this.#hang(fault);
  }

  #hang(fault: Fault): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#hung.delete(hung);
        this.#power.removeEventListener('abort', onPowerOff);
      };
      const onPowerOff = (): void => {
        stop();
        reject(new ErrnoError('ENODEV', `the host went down while ${fault.operation} on ${fault.parent} hung`));
      };
      const hung: Hung = {
        fault,
        goOn: () => {
          stop();
          resolve();
        },
      };
      if (this.#power.aborted) {
        onPowerOff();
        return;
      }
      this.#power.addEventListener('abort', onPowerOff, { once: true });
      this.#hung.add(hung);
    });
  }
}

/** The driver `ops` of parent `name`, struck by `faults`. A create that fails or hangs has taken its slot before, as hardware would. */
export function withFaults(name: string, ops: ParentOps, faults: Faults): ParentOps {
  const { setOnline, deviceAttributes } = ops;
  return {
    ...ops,
    create: async (mdev) => {
      await ops.create(mdev);
      try {
        await faults.strike(name, 'create');
      } catch (error) {
        await ops.remove(mdev, { force: true });
        throw error;
      }
    },
    remove: async (mdev, options) => {
      if (!options.force) {
        await faults.strike(name, 'remove');
        await ops.remove(mdev, options);
        return;
      }
      // By force all is freed, whatever the driver says about it; a hang still comes first.
      try {
        await faults.strike(name, 'remove');
      } finally {
        await ops.remove(mdev, options);
      }
    },
    ...(setOnline !== undefined && {
      setOnline: async (mdev, online) => {
        await faults.strike(name, 'online');
        await setOnline(mdev, online);
      },
    }),
    open: async (mdev) => {
      await faults.strike(name, 'open');
      await ops.open?.(mdev);
    },
    ...(deviceAttributes !== undefined && {
      deviceAttributes: (mdev) => deviceAttributes(mdev).map((attribute) => strikable(name, attribute, faults)),
    }),
  };
}

function strikable(parent: string, attribute: Attribute, faults: Faults): Attribute {
  const { write } = attribute;
  if (write === undefined) return attribute;
  return {
    ...attribute,
    write: async (text) => {
      await faults.strike(parent, 'attribute');
      await write(text);
    },
  };
}
