import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import { ProviderError } from '../contract.ts';
import { openChannel, type Channel } from './channel.ts';
import type { Call } from './protocol.ts';
import { untilAborted } from '../until-aborted.ts';

export interface LinkInit {
  readonly socketPath: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a call may stay without answer, in ms: longer than the server's own deadlines. 30 s if left out. */
  readonly answerWithin?: number | 'ever';
}

/** The way to a server: connects when first needed, and again after the connection broke. Many callers share one connection. */
export class Link {
  readonly #init: LinkInit;
  readonly #over = new AbortController();
  #channel: Promise<Channel> | undefined;

  constructor(init: LinkInit) {
    this.#init = init;
  }

  /**
   * The living connection, made if there is none.
   * @throws ProviderError EIO at step `connect`; the signal's reason when it aborts
   */
  async channel(signal: AbortSignal): Promise<Channel> {
    signal.throwIfAborted();
    this.#over.signal.throwIfAborted();
    const channel = (this.#channel ??= this.#connect());
    return untilAborted(channel, signal);
  }

  async request<P extends object, R>(call: Call<P, R>, params: P, signal: AbortSignal): Promise<R> {
    const channel = await this.channel(signal);
    return channel.request(call, params, this.#init.answerWithin ?? 30_000, signal);
  }

  /** Ends the connection for good; calls in flight and later ones fail with EIO at step `connect`. */
  close(): void {
    this.#over.abort(new ProviderError('EIO', 'connect', 'The provider is closed'));
  }

  async #connect(): Promise<Channel> {
    const { socketPath, clock, log } = this.#init;
    const over = this.#over.signal;
    try {
      const channel = await openChannel(socketPath, clock, log, over);
      const forget = (): void => {
        this.#channel = undefined;
        over.removeEventListener('abort', close);
      };
      const close = (): void => channel.close();
      channel.closed.addEventListener('abort', forget, { once: true });
      over.addEventListener('abort', close, { once: true });
      if (channel.closed.aborted) forget();
      return channel;
    } catch (error) {
      this.#channel = undefined;
      throw error;
    }
  }
}
