import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import { answerWithin, type Question } from '../answer-within.ts';
import { ProviderError, type Device, type ProviderStep } from '../contract.ts';
import { deviceOf } from './device.ts';
import { deviceFolder, typeFolder, type SysfsLayout } from './layout.ts';
import type { Orders } from './orders.ts';
import { Settled, type Known } from './settled.ts';
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

/** How long a writer process may take to start, ms. */
const startTime = 60_000;

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

  /**
   * The device as it then was; undefined where it went before it could be read, or could not be.
   * @throws ProviderError as `MdevProvider.create`
   */
  async create({ id, parent, typeID }: { id: string; parent: string; typeID: string }, signal: AbortSignal): Promise<Device | undefined> {
    const { layout } = this.#init;
    const type = typeFolder(layout, parent, typeID);
    const file = { path: join(type, 'create'), value: id };
    const look = { folder: deviceFolder(layout, parent, id), deviceAPI: join(type, 'device_api'), vfio: layout.vfio };
    const { seen } = await this.#write({ kind: 'create', step: 'create', id, parent, typeID }, { file, look }, signal);
    if (seen === undefined) return undefined;
    this.#settled.add(id, { parent, typeID, inode: seen.inode });
    return deviceOf(id, { parent, onBus: true }, { ...seen, typeLink: typeID });
  }

  /**
   * Removes a device whose creation was seen to be over, without looking for it first. False: it is not there, or is another by now.
   * @throws ProviderError as `MdevProvider.remove`
   */
  async removeKnown(id: string, signal: AbortSignal): Promise<boolean> {
    const known = this.#settled.get(id);
    // What hangs is looked at first.
    if (known === undefined || this.#init.orders.isOutstanding(id)) return false;
    try {
      await this.#remove(id, known, signal);
      return true;
    } catch (error) {
      if (error instanceof ProviderError && error.step === 'remove' && error.code === 'ENOENT') return false;
      throw error;
    }
  }

  /** @throws ProviderError as `MdevProvider.remove` */
  async remove({ id, parent, state }: Device, signal: AbortSignal): Promise<void> {
    if (state === 'creating') throw new ProviderError('EAGAIN', 'remove', `mdev ${id} is still being created`);
    if (state === 'removing') throw new ProviderError('ENOENT', 'remove', `mdev ${id} is being removed already`);
    const known = await this.#settled.wait(id, parent, deviceFolder(this.#init.layout, parent, id), signal);
    if (known === undefined) throw new ProviderError('ENOENT', 'remove', `mdev ${id} has gone`);
    await this.#remove(id, known, signal);
  }

  /** @throws ProviderError as `MdevProvider.setAttribute` */
  async setAttribute({ id, parent, typeID }: Device, name: string, value: string, signal: AbortSignal): Promise<void> {
    const path = join(deviceFolder(this.#init.layout, parent, id), name);
    await this.#write({ kind: 'attribute', step: 'attribute', id, parent, typeID }, { file: { path, value } }, signal);
  }

  /** Whether the last removal found the device in use, and it still is: asked by claiming it for a moment. */
  async isClaimRefused({ id, group, parent, state }: Device, signal: AbortSignal): Promise<boolean> {
    if (!this.#refusedClaims.has(id) || group === undefined || state !== 'live') return false;
    const claim = this.#claim(deviceFolder(this.#init.layout, parent, id));
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

  /** Only if it still is the device that is known. */
  async #remove(id: string, { parent, typeID, inode }: Known, signal: AbortSignal): Promise<void> {
    const folder = deviceFolder(this.#init.layout, parent, id);
    const file = { path: join(folder, 'remove'), value: '1' };
    const write = { file, claim: this.#claim(folder), only: { folder, inode } };
    await this.#write({ kind: 'remove', step: 'remove', id, parent, typeID }, write, signal);
    this.#settled.delete(id);
  }

  #claim(folder: string): GroupClaim {
    return { vfio: this.#init.layout.vfio, link: join(folder, 'iommu_group') };
  }

  async #write(order: OrderKind & Step, write: Omit<WriteRequest, 'title'>, signal: AbortSignal): Promise<WriteAnswer> {
    const answer = await this.#answer(order, write, signal);
    const { refused } = answer;
    const busy = refused?.step === 'claim' && refused.code === 'EBUSY';
    if (busy) this.#refusedClaims.add(order.id);
    else if (order.kind === 'remove') this.#refusedClaims.delete(order.id);
    if (refused !== undefined) throw refusalOf(order, refused);
    return answer;
  }

  /** What the kernel answers within the deadline. It cannot be stopped: an answer that comes later is told by `onLate`. */
  async #answer(order: OrderKind & Step, write: Omit<WriteRequest, 'title'>, signal: AbortSignal): Promise<WriteAnswer> {
    const { clock, log, deadline, orders, onLate } = this.#init;
    const { kind, step, id, parent, typeID } = order;
    const pool = await this.#pool(parent, signal);
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
          return await pool.write(step, { ...write, title: orderTitle(begun.order) }, isWanted);
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

  /** The writers of a parent: at least one, which may take a while to start on a busy node. Nothing is asked of the kernel in that time. */
  async #pool(parent: string, signal: AbortSignal): Promise<WriterPool> {
    let pool = this.#pools.get(parent);
    if (pool === undefined) {
      pool = new WriterPool(parent, this.#init.clock);
      this.#pools.set(parent, pool);
    }
    if (!pool.hasWriter) await this.#start(pool, signal);
    return pool;
  }

  #start(pool: WriterPool, signal: AbortSignal): Promise<void> {
    const question: Question<void> = {
      step: 'connect',
      clock: this.#init.clock,
      deadline: startTime,
      overdue: `A process that writes into the kernel has not started within ${startTime} ms; nothing was begun`,
      operation: () => pool.start(),
      onLate: () => undefined,
    };
    return answerWithin(question, signal);
  }
}

/** What a refused write means in the contract's words. */
function refusalOf(
  { kind, step, id, parent, typeID }: OrderKind & Step,
  { step: at, code, message }: NonNullable<WriteAnswer['refused']>,
): ProviderError {
  if (at === 'claim') return new ProviderError(code === 'ESTALE' ? 'EBUSY' : code, 'claim', `Cannot claim ${id}: ${message}`);
  if (at === 'only')
    return new ProviderError(code === 'ESTALE' ? 'ENOENT' : code, step, `mdev ${id} is another by now, or has gone: ${message}`);
  const missing = at === 'open' && code === 'ENOENT';
  if (missing && kind === 'create') return new ProviderError('ENOENT', step, `Parent ${parent} has no type ${typeID ?? '?'}, or has gone`);
  if (missing && kind === 'remove') return new ProviderError('ENOENT', step, `mdev ${id} has no file \`remove\`: ${message}`);
  return new ProviderError(code, step, `The kernel refused the ${kind} of ${id} on parent ${parent}: ${message}`);
}
