import type { EmulatedHost, Fault, FaultFilter } from '../../emulator/host.ts';
import type { DeviceUser } from '../contract.ts';
import { untilAborted } from '../until-aborted.ts';
import type { ForeignCreate, Hold, HostControl, HostState } from './contract.ts';
import { hostState } from './state.ts';

/** The hands of others on the emulated host of this process. */
export class EmulatedHostControl implements HostControl {
  readonly #host: EmulatedHost;

  constructor(host: EmulatedHost) {
    this.#host = host;
  }

  async foreignCreate({ parent, typeID, id, params }: ForeignCreate, signal: AbortSignal): Promise<void> {
    await untilAborted(this.#host.foreignCreate(parent, typeID, id, params), signal);
  }

  async removeByHand(id: string, signal: AbortSignal): Promise<void> {
    await untilAborted(this.#host.removeByHand(id.toLowerCase()), signal);
  }

  async holdOpen(id: string, { pid, comm }: DeviceUser, signal: AbortSignal): Promise<Hold> {
    const opening = this.#host.holdOpen(id.toLowerCase(), { pid, comm });
    const over = new AbortController();
    try {
      const open = await untilAborted(opening, signal);
      const release = async (): Promise<void> => {
        over.abort();
        await open[Symbol.asyncDispose]();
      };
      return { release, over: over.signal, [Symbol.asyncDispose]: release };
    } catch (error) {
      // Nobody waits for it any more: should the driver let the open through later, it is closed at once.
      if (signal.aborted) void closeWhenOpen(opening);
      throw error;
    }
  }

  async unloadParent(name: string, signal: AbortSignal): Promise<void> {
    await untilAborted(this.#host.unloadParent(name), signal);
  }

  async loadParent(name: string, signal: AbortSignal): Promise<void> {
    await untilAborted(this.#host.loadParent(name), signal);
  }

  async injectFault(fault: Fault, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#host.injectFault(fault);
  }

  async clearFaults(filter: FaultFilter, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#host.clearFaults(filter);
  }

  async state(signal: AbortSignal): Promise<HostState> {
    signal.throwIfAborted();
    return hostState(this.#host);
  }
}

async function closeWhenOpen(opening: Promise<AsyncDisposable>): Promise<void> {
  const [opened] = await Promise.allSettled([opening]);
  if (opened.status === 'fulfilled') await opened.value[Symbol.asyncDispose]();
}
