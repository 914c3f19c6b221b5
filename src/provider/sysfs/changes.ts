import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import { answerWithin, type Question } from '../answer-within.ts';
import { ProviderError, type Device, type ProviderStep } from '../contract.ts';
import { exists } from './files.ts';
import { deviceFolder, typeFolder, type SysfsLayout } from './layout.ts';
import type { Orders } from './orders.ts';
import { Settled } from './settled.ts';
import type { GroupClaim, WriteAnswer, WriteRequest } from './writer/messages.ts';
import { orderTitle, type Order } from './writer/order.ts';
import { WriterPool } from './writer/pool.ts';

export interface ChangesInit {
  readonly layout: SysfsLayout;
  readonly orders: Orders;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long the kernel may take to answer a write, ms. */
  readonly deadline: number;
  /** The kernel has answered after all, or what was written may have changed this device. */
  readonly onLate: (id: string, parent: string) => void;
}

type OrderKind = Omit<Order, 'since' | 'overdue'>;

interface Step {
  readonly step: ProviderStep;
}

/** Changes on the node: what is written, by whom, and what the kernel's answers mean. */
export class Changes {
  readonly #init: ChangesInit;
  readonly #pools = new Map<string, WriterPool>();
  readonly #settled: Settled;
  /** Devices that could not be claimed the last time. */
  readonly #refusedClaims = new Set<string>();

  constructor(init: ChangesInit) {
    this.#init = init;
    this.#settled = new Settled(init.clock);
  }

  /** @throws ProviderError as `MdevProvider.create` */
  async create({ id, parent, typeID }: { id: string; parent: string; typeID: string }, signal: AbortSignal): Promise<void> {
    const path = join(typeFolder(this.#init.layout, parent, typeID), 'create');
    await this.#write({ kind: 'create', step: 'create', id, parent, typeID }, { file: { path, value: id } }, signal);
    await this.#settled.add(id, deviceFolder(this.#init.layout, parent, id));
  }

  /** @throws ProviderError as `MdevProvider.remove` */
  async remove(device: Device, signal: AbortSignal): Promise<void> {
    const { id, parent, typeID, state, group } = device;
    if (state === 'creating') throw new ProviderError('EAGAIN', 'remove', `mdev ${id} is still being created`);
    if (state === 'removing') throw new ProviderError('ENOENT', 'remove', `mdev ${id} is being removed already`);
    const folder = deviceFolder(this.#init.layout, parent, id);
    await this.#settled.wait(id, folder, signal);
    const claim = group === undefined ? undefined : await this.#claim(folder, group);
    const file = { path: join(folder, 'remove'), value: '1' };
    await this.#write({ kind: 'remove', step: 'remove', id, parent, typeID }, { file, ...(claim !== undefined && { claim }) }, signal);
    this.#settled.delete(id);
  }

  /** @throws ProviderError as `MdevProvider.setAttribute` */
  async setAttribute({ id, parent, typeID }: Device, name: string, value: string, signal: AbortSignal): Promise<void> {
    const path = join(deviceFolder(this.#init.layout, parent, id), name);
    await this.#write({ kind: 'attribute', step: 'attribute', id, parent, typeID }, { file: { path, value } }, signal);
  }

  /** Whether the last removal found the device in use, and it still is: asked by claiming it for a moment. */
  async isClaimRefused({ id, group, parent, state }: Device, signal: AbortSignal): Promise<boolean> {
    if (!this.#refusedClaims.has(id) || group === undefined || state !== 'live') return false;
    const claim = await this.#claim(deviceFolder(this.#init.layout, parent, id), group);
    if (claim === undefined) return false;
    const { refused } = await this.#answer({ kind: 'claim', step: 'users', id, parent }, { claim }, signal);
    if (refused?.code === 'EBUSY') return true;
    this.#refusedClaims.delete(id);
    return false;
  }

  /** Only these devices are there: what is known of others is of no use. */
  keepOnly(devices: readonly Device[]): void {
    const ids = new Set(devices.map(({ id }) => id));
    this.#settled.keepOnly(ids);
    for (const id of this.#refusedClaims) if (!ids.has(id)) this.#refusedClaims.delete(id);
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }

  async #claim(folder: string, group: number): Promise<GroupClaim | undefined> {
    const node = join(this.#init.layout.vfio, String(group));
    return (await exists(node)) ? { node, link: join(folder, 'iommu_group') } : undefined;
  }

  async #write(order: OrderKind & Step, write: Pick<WriteRequest, 'file' | 'claim'>, signal: AbortSignal): Promise<void> {
    const { refused } = await this.#answer(order, write, signal);
    const busy = refused?.step === 'claim' && refused.code === 'EBUSY';
    if (busy) this.#refusedClaims.add(order.id);
    else if (order.kind === 'remove') this.#refusedClaims.delete(order.id);
    if (refused !== undefined) throw refusalOf(order, refused);
  }

  /** What the kernel answers within the deadline. It cannot be stopped: an answer that comes later is told by `onLate`. */
  async #answer(order: OrderKind & Step, write: Pick<WriteRequest, 'file' | 'claim'>, signal: AbortSignal): Promise<WriteAnswer> {
    const { clock, log, deadline, orders, onLate } = this.#init;
    const { kind, step, id, parent, typeID } = order;
    signal.throwIfAborted();
    const begun = orders.begin({ kind, id, parent, ...(typeID !== undefined && { typeID }) });
    const what = `${kind} of ${id} on parent ${parent}`;
    const question: Question<WriteAnswer> = {
      step,
      clock,
      deadline,
      overdue: `The kernel has not answered the ${what} within ${deadline} ms (begun ${begun.order.since})`,
      onDeadline: () => begun.overdue(),
      operation: async (isWanted) => {
        try {
          return await this.#pool(parent).write(step, { ...write, title: orderTitle(begun.order) }, isWanted);
        } catch (error) {
          if (error instanceof ProviderError) throw error;
          throw new ProviderError('EIO', 'connect', `Cannot tell whether the ${what} was done: ${(error as Error).message}`, {
            cause: error,
          });
        } finally {
          begun.end();
        }
      },
      onLate: (outcome) => {
        log.info(
          { order: what, ...(outcome.status === 'rejected' && { err: outcome.reason as unknown }) },
          'a write has ended that nobody waited for any more',
        );
        onLate(id, parent);
      },
    };
    return answerWithin(question, signal);
  }

  #pool(parent: string): WriterPool {
    let pool = this.#pools.get(parent);
    if (pool === undefined) {
      pool = new WriterPool(parent, this.#init.clock);
      this.#pools.set(parent, pool);
    }
    return pool;
  }
}

/** What a refused write means in the contract's words. */
function refusalOf(
  { kind, step, id, parent, typeID }: OrderKind & Step,
  { step: at, code, message }: NonNullable<WriteAnswer['refused']>,
): ProviderError {
  if (at === 'claim') return new ProviderError(code === 'ESTALE' ? 'EBUSY' : code, 'claim', `Cannot claim ${id}: ${message}`);
  const missing = at === 'open' && code === 'ENOENT';
  if (missing && kind === 'create') return new ProviderError('ENOENT', step, `Parent ${parent} has no type ${typeID ?? '?'}, or has gone`);
  if (missing && kind === 'remove') return new ProviderError('ENOENT', step, `mdev ${id} has no file \`remove\`: ${message}`);
  return new ProviderError(code, step, `The kernel refused the ${kind} of ${id} on parent ${parent}: ${message}`);
}
