import { ErrnoError } from '../../lib/errno.ts';
import type { EventLoop } from '../../lib/libc/event-loop.ts';

/** The peer has broken the protocol: its connection ends. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** A device asks one thing after the other; what it gave up waiting for is still to be answered, and costs its data's memory until then. */
const mostWaiting = 16;

interface Waiting {
  readonly command: number;
  readonly answer: PromiseWithResolvers<Uint8Array>;
}

/** The server's own commands, which the client answers. Their numbers are in a space of their own. */
export class ClientCalls {
  readonly #loop: EventLoop;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  /**
   * A number for a command, and its answer: the payload, in a buffer of its own. It rejects with the errno of an error reply, or as `fail` says.
   * @throws ErrnoError EIO when the client has left too many unanswered
   */
  begin(command: number): { readonly id: number; readonly answer: Promise<Uint8Array> } {
    if (this.#waiting.size >= mostWaiting) throw new ErrnoError('EIO', `the client has left ${this.#waiting.size} commands unanswered`);
    do this.#last = (this.#last + 1) & 0xffff;
    while (this.#waiting.has(this.#last));
    const answer = this.#loop.deferred<Uint8Array>();
    this.#waiting.set(this.#last, { command, answer });
    return { id: this.#last, answer: answer.promise };
  }

  /** Takes a reply. @throws ProtocolError when nothing was asked that it answers */
  settle(id: number, command: number, errno: number | undefined, payload: Uint8Array): void {
    const waiting = this.#waiting.get(id);
    if (waiting?.command !== command) throw new ProtocolError(`a reply to command ${command} number ${id}, which was not asked`);
    this.#waiting.delete(id);
    if (errno === undefined) waiting.answer.resolve(payload.slice());
    else
      waiting.answer.reject(new ErrnoError(errno === 14 ? 'EFAULT' : 'EIO', `the client answered command ${command} with errno ${errno}`));
  }

  /** All that is asked is answered by this error. */
  fail(error: Error): void {
    for (const { answer } of this.#waiting.values()) answer.reject(error);
    this.#waiting.clear();
  }
}
