import type { Fault, FaultFilter } from '../../emulator/host.ts';
import type { DeviceUser } from '../contract.ts';
import { Link, type LinkInit } from '../remote/link.ts';
import { untilAborted } from '../until-aborted.ts';
import type { ForeignCreate, Hold, HostControl, HostState } from './contract.ts';
import * as wire from './protocol.ts';

/**
 * The hands of others on a host that is served on a UNIX socket. Refusals are ErrnoErrors as there; a connection that fails or breaks is
 * a ProviderError EIO at step `connect`. A hold lasts no longer than this process, whatever ends it.
 */
export class RemoteHostControl implements HostControl {
  readonly #link: Link;

  constructor(init: Omit<LinkInit, 'answerWithin'>) {
    this.#link = new Link({ ...init, answerWithin: 'ever' });
  }

  async foreignCreate(request: ForeignCreate, signal: AbortSignal): Promise<void> {
    await this.#link.request(wire.foreignCreateCall, request, signal);
  }

  async removeByHand(id: string, signal: AbortSignal): Promise<void> {
    await this.#link.request(wire.removeByHandCall, { id }, signal);
  }

  async holdOpen(id: string, user: DeviceUser, signal: AbortSignal): Promise<Hold> {
    const channel = await this.#link.channel(signal);
    const over = new AbortController();
    const opened = Promise.withResolvers<undefined>();
    const stream = channel.stream(wire.holdOpenStream, { id, user }, () => opened.resolve(undefined));
    const ended = stream.ended.finally(() => over.abort());
    try {
      await untilAborted(Promise.race([opened.promise, ended]), signal);
    } catch (error) {
      stream.cancel();
      throw error;
    }
    const release = async (): Promise<void> => {
      stream.cancel();
      // A connection that broke has closed the device as well.
      await Promise.allSettled([ended]);
    };
    return { release, over: over.signal, [Symbol.asyncDispose]: release };
  }

  async unloadParent(name: string, signal: AbortSignal): Promise<void> {
    await this.#link.request(wire.unloadParentCall, { name }, signal);
  }

  async loadParent(name: string, signal: AbortSignal): Promise<void> {
    await this.#link.request(wire.loadParentCall, { name }, signal);
  }

  async injectFault(fault: Fault, signal: AbortSignal): Promise<void> {
    await this.#link.request(wire.injectFaultCall, fault, signal);
  }

  async clearFaults(filter: FaultFilter, signal: AbortSignal): Promise<void> {
    await this.#link.request(wire.clearFaultsCall, filter, signal);
  }

  state(signal: AbortSignal): Promise<HostState> {
    return this.#link.request(wire.stateCall, {}, signal);
  }

  /** Ends the connection, and with it the holds that came over it. */
  close(): void {
    this.#link.close();
  }
}
