import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import { sleep } from '../../lib/clock.ts';
import { ProviderError, type Device, type ProviderStep } from '../contract.ts';
import { exists } from './files.ts';
import { deviceFolder, typeFolder, type SysfsLayout } from './layout.ts';
import type { Orders } from './orders.ts';
import type { GroupClaim, WriteAnswer } from './writer/messages.ts';
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

interface Write extends Omit<Order, 'since' | 'overdue'> {
  readonly step: ProviderStep;
  readonly path: string;
  readonly value: string;
  readonly claim?: GroupClaim;
}

/**
 * Between the moment that a device shows its type and the one that its creation is over there is a moment in which a removal would
 * take the device's `remove` file away and not the device (mdev_core.c: `active` is set last). Nobody tells when it has passed. ms
 */
const settling = 200;

/** Changes on the node: what is written, by whom, and what the kernel's answers mean. */
export class Changes {
  readonly #init: ChangesInit;
  readonly #pools = new Map<string, WriterPool>();
  /** Devices whose creation was seen to be over. */
  readonly #settled = new Set<string>();
  /** Devices that could not be claimed the last time. */
  readonly #refusedClaims = new Set<string>();

  constructor(init: ChangesInit) {
    this.#init = init;
  }

  /** @throws ProviderError as `MdevProvider.create` */
  async create({ id, parent, typeID }: { id: string; parent: string; typeID: string }, signal: AbortSignal): Promise<void> {
    const path = join(typeFolder(this.#init.layout, parent, typeID), 'create');
    await this.#write({ kind: 'create', step: 'create', id, parent, typeID, path, value: id }, signal);
    this.#settled.add(id);
  }

  /** @throws ProviderError as `MdevProvider.remove` */
  async remove(device: Device, signal: AbortSignal): Promise<void> {
    const { id, parent, typeID, state, group } = device;
    if (state === 'creating') throw new ProviderError('EAGAIN', 'remove', `mdev ${id} is still being created`);
    if (state === 'removing') throw new ProviderError('ENOENT', 'remove', `mdev ${id} is being removed already`);
    if (!this.#settled.has(id)) await sleep(this.#init.clock, settling, signal);
    const folder = deviceFolder(this.#init.layout, parent, id);
    const claim = group === undefined ? undefined : await this.#claim(folder, group);
    const path = join(folder, 'remove');
    await this.#write(
      { kind: 'remove', step: 'remove', id, parent, typeID, path, value: '1', ...(claim !== undefined && { claim }) },
      signal,
    );
    this.#settled.delete(id);
  }

  /** @throws ProviderError as `MdevProvider.setAttribute` */
  async setAttribute({ id, parent, typeID }: Device, name: string, value: string, signal: AbortSignal): Promise<void> {
    const path = join(deviceFolder(this.#init.layout, parent, id), name);
    await this.#write({ kind: 'attribute', step: 'attribute', id, parent, typeID, path, value }, signal);
  }

  /** Whether the last removal found the device in use, and it still is: asked by claiming it for a moment. */
  async isClaimRefused({ id, group, parent, state }: Device, signal: AbortSignal): Promise<boolean> {
    if (!this.#refusedClaims.has(id) || group === undefined || state !== 'live') return false;
    const claim = await this.#claim(deviceFolder(this.#init.layout, parent, id), group);
    if (claim === undefined) return false;
    // Nothing is written: to /dev/null.
    const answer = await this.#answer({ kind: 'attribute', step: 'users', id, parent, path: '/dev/null', value: '', claim }, signal);
    if (answer.refused?.step === 'claim' && answer.refused.code === 'EBUSY') return true;
    this.#refusedClaims.delete(id);
    return false;
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }

  async #claim(folder: string, group: number): Promise<GroupClaim | undefined> {
    const node = join(this.#init.layout.vfio, String(group));
    return (await exists(node)) ? { node, link: join(folder, 'iommu_group') } : undefined;
  }

  async #write(write: Write, signal: AbortSignal): Promise<void> {
    const { refused } = await this.#answer(write, signal);
    const busy = refused?.step === 'claim' && refused.code === 'EBUSY';
    if (busy) this.#refusedClaims.add(write.id);
    else if (write.kind === 'remove') this.#refusedClaims.delete(write.id);
    if (refused !== undefined) throw refusalOf(write, refused);
  }

  /** What the kernel answers within the deadline. It cannot be stopped: an answer that comes later is told by `onLate`. */
  async #answer(write: Write, signal: AbortSignal): Promise<WriteAnswer> {
    const { clock, log, deadline, orders, onLate } = this.#init;
    const { kind, step, id, parent, typeID, path, value, claim } = write;
    signal.throwIfAborted();
    const order = orders.begin({ kind, id, parent, ...(typeID !== undefined && { typeID }) });
    const what = `${kind} of ${id} on parent ${parent}`;
    let waiting = true;
    const request = { title: orderTitle(order.order), path, value, ...(claim !== undefined && { claim }) };
    const writing = this.#pool(parent).write(step, request, () => waiting);
    const done = writing.finally(() => {
      order.end();
      if (waiting) return;
      log.info({ order: what }, 'the kernel has answered a write that nobody waited for any more');
      onLate(id, parent);
    });
    const late = Promise.withResolvers<never>();
    const cancel = clock.setTimeout(() => {
      order.overdue();
      late.reject(
        new ProviderError('ETIMEDOUT', step, `The kernel has not answered the ${what} within ${deadline} ms (begun ${order.order.since})`),
      );
    }, deadline);
    const onAbort = (): void => late.reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
    try {
      return await Promise.race([done, late.promise]);
    } catch (error) {
      if (error instanceof ProviderError || signal.aborted) throw error;
      throw new ProviderError('EIO', 'connect', `Cannot tell whether the ${what} was done: ${(error as Error).message}`, { cause: error });
    } finally {
      waiting = false;
      cancel();
      signal.removeEventListener('abort', onAbort);
      done.catch((err: unknown) => log.debug({ err, order: what }, 'a write has failed'));
    }
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
  { kind, step, id, parent, typeID, path }: Write,
  { step: at, code, message }: NonNullable<WriteAnswer['refused']>,
): ProviderError {
  if (at === 'claim') return new ProviderError(code === 'ESTALE' ? 'EBUSY' : code, 'claim', `Cannot claim ${id}: ${message}`);
  const missing = at === 'open' && code === 'ENOENT';
  if (missing && kind === 'create') return new ProviderError('ENOENT', step, `Parent ${parent} has no type ${typeID ?? '?'}, or has gone`);
  if (missing && kind === 'remove') return new ProviderError('ENOENT', step, `mdev ${id} has no file \`remove\`: ${path}`);
  return new ProviderError(code, step, `The kernel refused the ${kind} of ${id} on parent ${parent}: ${message}`);
}
