import { join } from 'node:path';
import { sleep, type Clock } from '../../lib/clock.ts';
import { names, readText } from './files.ts';
import type { SysfsLayout } from './layout.ts';
import { parseOrderTitle, type Order } from './writer/order.ts';

/** How often is looked whether an order of an earlier agent still hangs, of whose end nobody tells. ms */
const lookInterval = 1_000;

/**
 * What the kernel has been told and has not answered: by this agent, and by one before it, whose writer processes still hang. By device.
 */
export class Orders {
  readonly #proc: string;
  readonly #clock: Clock;
  readonly #own = new Map<string, Order>();
  /** Orders of earlier agents, by the process that carries them out, in the order in which they were given. */
  #inherited = new Map<string, Order>();
  #looked: Promise<void> | undefined;

  constructor({ proc }: SysfsLayout, clock: Clock) {
    this.#proc = proc;
    this.#clock = clock;
  }

  /** The order begins; the returned functions say that it is overdue, and that the kernel has answered. */
  begin(order: Omit<Order, 'since' | 'overdue'>): { readonly order: Order; overdue(): void; end(): void } {
    const begun: Order = { ...order, since: new Date(this.#clock.now()).toISOString(), overdue: false };
    let current = begun;
    this.#own.set(order.id, begun);
    return {
      order: begun,
      overdue: () => {
        const late = { ...begun, overdue: true };
        if (this.#own.get(order.id) === current) this.#own.set(order.id, late);
        current = late;
      },
      end: () => {
        if (this.#own.get(order.id) === current) this.#own.delete(order.id);
      },
    };
  }

  /** Whether this agent has told the kernel something about the device that it has not answered. */
  isOutstanding(id: string): boolean {
    return this.#own.has(id);
  }

  async of(id: string): Promise<Order | undefined> {
    return this.#own.get(id) ?? (await this.inherited()).get(id);
  }

  async all(): Promise<Map<string, Order>> {
    return new Map([...(await this.inherited()), ...this.#own]);
  }

  /**
   * Tells of the end of each of `hanging`, orders of earlier agents, until all have ended.
   * @throws the signal's reason when it is aborted first
   */
  async untilEnded(hanging: ReadonlyMap<string, Order>, onEnd: (order: Order) => void, signal: AbortSignal): Promise<void> {
    while (hanging.size > 0) {
      await sleep(this.#clock, lookInterval, signal);
      const still = await this.inherited();
      for (const [id, order] of hanging) if (still.get(id) !== order) onEnd(order);
      hanging = still;
    }
  }

  /** The orders of earlier agents that still hang, by device: of two that were given about one, the last. */
  async inherited(): Promise<Map<string, Order>> {
    this.#looked ??= this.#look();
    await this.#looked;
    for (const [pid, { id, since }] of this.#inherited) {
      const now = await this.#orderOf(pid);
      if (now?.id !== id || now.since !== since) this.#inherited.delete(pid);
    }
    return new Map([...this.#inherited.values()].map((order) => [order.id, order]));
  }

  async #look(): Promise<void> {
    const pids = (await names(this.#proc)).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(pids.map(async (pid) => ({ pid, order: await this.#orderOf(pid) })));
    const orders = found.flatMap(({ pid, order }): [string, Order][] => (order === undefined ? [] : [[pid, order]]));
    this.#inherited = new Map(orders.sort(([, a], [, b]) => (a.since < b.since ? -1 : 1)));
  }

  async #orderOf(pid: string): Promise<Order | undefined> {
    return parseOrderTitle((await readText(join(this.#proc, pid, 'cmdline'))) ?? '');
  }
}
