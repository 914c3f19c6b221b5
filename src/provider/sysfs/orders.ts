import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { names, readText } from './files.ts';
import type { SysfsLayout } from './layout.ts';
import { parseOrderTitle, type Order } from './writer/order.ts';

/**
 * What the kernel has been told and has not answered: by this agent, and by one before it, whose writer processes still hang. By device.
 */
export class Orders {
  readonly #proc: string;
  readonly #clock: Clock;
  readonly #own = new Map<string, Order>();
  /** Orders of earlier agents, with the process that carries them out. */
  #inherited = new Map<string, { readonly order: Order; readonly pid: string }>();
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

  async of(id: string): Promise<Order | undefined> {
    return this.#own.get(id) ?? (await this.#inheritedNow()).get(id);
  }

  async all(): Promise<Map<string, Order>> {
    return new Map([...(await this.#inheritedNow()), ...this.#own]);
  }

  /** Those of earlier agents that still hang. */
  async #inheritedNow(): Promise<Map<string, Order>> {
    this.#looked ??= this.#look();
    await this.#looked;
    for (const [id, { pid }] of this.#inherited) if ((await this.#orderOf(pid))?.id !== id) this.#inherited.delete(id);
    return new Map([...this.#inherited].map(([id, { order }]) => [id, order]));
  }

  async #look(): Promise<void> {
    const pids = (await names(this.#proc)).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(pids.map(async (pid) => ({ pid, order: await this.#orderOf(pid) })));
    this.#inherited = new Map(found.flatMap(({ pid, order }) => (order === undefined ? [] : [[order.id, { order, pid }]])));
  }

  async #orderOf(pid: string): Promise<Order | undefined> {
    return parseOrderTitle((await readText(join(this.#proc, pid, 'cmdline'))) ?? '');
  }
}
