import { errnoNumbers, ErrnoError } from '../../lib/errno.ts';
import type { Libc } from '../../lib/libc/libc.ts';
import { epollFlags } from '../../lib/libc/libc.ts';
import { ClientCalls, ProtocolError } from './client-calls.ts';
import type { EventLoop } from '../../lib/libc/event-loop.ts';
import { interest } from '../../lib/libc/event-loop.ts';
import { Inbox } from './inbox.ts';
import type { RemoteMemory } from './message-memory.ts';
import { Outbox } from './outbox.ts';
import type { Session } from './session.ts';
import type { Transport } from './transport.ts';
import { readVersion, versionAnswer } from './version.ts';
import { commands, flags, header, headerBytes, maxTransfer } from './wire.ts';

/** Messages of one connection that are answered before others have their turn. */
const messagesInTurn = 64;

export interface ConnectionInit {
  readonly fd: number;
  readonly libc: Libc;
  readonly loop: EventLoop;
  readonly transport: Transport;
  /** Opens the device for the peer. @throws ErrnoError when it cannot be had */
  readonly open: (connection: Connection) => Promise<Session>;
  /** Called once, when the connection is over. `session` is closed by whoever is called. */
  readonly onClose: (connection: Connection, session: Session | undefined, error: unknown) => void;
}

/**
 * One connection of the vfio-user protocol: a user of the device, from its VERSION to its end. Whatever the peer sends, it costs no
 * more than its own connection.
 */
export class Connection implements RemoteMemory {
  readonly fd: number;
  readonly #init: ConnectionInit;
  readonly #inbox = new Inbox();
  readonly #outbox: Outbox;
  readonly #calls: ClientCalls;
  readonly #outView: DataView;
  readonly #receivedView: DataView;
  #session: Session | undefined;
  /** The device is being opened: nothing is read meanwhile. */
  #opening = false;
  /** Messages wait for this connection's next turn. */
  #hasTurn = false;
  #closed = false;
  /** The most data that the peer takes at once. */
  #peerTransfer = maxTransfer;

  constructor(init: ConnectionInit) {
    const { fd, loop, transport } = init;
    this.fd = fd;
    this.#init = init;
    this.#outbox = new Outbox(transport, fd);
    this.#calls = new ClientCalls(loop);
    this.#outView = new DataView(transport.out.buffer);
    this.#receivedView = new DataView(transport.received.buffer);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Whether it has not asked for the device yet. */
  get isIdle(): boolean {
    return this.#session === undefined && !this.#opening;
  }

  get maxTransfer(): number {
    return this.#peerTransfer;
  }

  /** Starts to listen to the peer. */
  start(): void {
    this.#init.loop.add(this.fd, interest.read, (events) => this.#onReady(events));
  }

  /** Ends it. What the peer has asked for and is not answered yet stays so. */
  close(error?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    const { libc, loop, onClose } = this.#init;
    this.#calls.fail(new ErrnoError('ENODEV', 'the client is gone'));
    for (const fd of this.#inbox.drain()) libc.close(fd);
    loop.remove(this.fd);
    libc.close(this.fd);
    onClose(this, this.#session, error);
    this.#session = undefined;
  }

  /** Asks the peer for its memory: VFIO_USER_DMA_READ. */
  async read(iova: bigint, into: Uint8Array): Promise<void> {
    const payload = await this.#ask(commands.dmaRead, iova, into.length, undefined);
    if (payload.length !== 16 + into.length) {
      this.close(new ProtocolError(`an answer of ${payload.length} bytes to a DMA_READ of ${into.length}`));
      throw new ErrnoError('EIO', 'the client answered DMA_READ with something else');
    }
    into.set(payload.subarray(16));
  }

  /** Writes to the peer's memory: VFIO_USER_DMA_WRITE. */
  async write(iova: bigint, from: Uint8Array): Promise<void> {
    await this.#ask(commands.dmaWrite, iova, from.length, from);
  }

  async #ask(command: number, iova: bigint, count: number, data: Uint8Array | undefined): Promise<Uint8Array> {
    if (this.#closed) throw new ErrnoError('ENODEV', 'the client is gone');
    const { id, answer } = this.#calls.begin(command);
    const { out } = this.#init.transport;
    const length = headerBytes + 16 + (data?.length ?? 0);
    this.#putHeader(id, command, length, flags.command, 0);
    this.#outView.setBigUint64(headerBytes, iova, true);
    this.#outView.setBigUint64(headerBytes + 8, BigInt(count), true);
    if (data !== undefined) out.set(data, headerBytes + 16);
    this.#send(length, []);
    return answer;
  }

  #onReady(events: number): void {
    if ((events & epollFlags.out) !== 0 && !this.#outbox.flush()) {
      this.close();
      return;
    }
    // A peer that has gone before the device is open, or while nothing is read of it: what it still sent does not matter any more.
    const isGone = (events & (epollFlags.hangUp | epollFlags.error)) !== 0;
    if (isGone && (this.#session === undefined || (events & epollFlags.in) === 0)) this.close();
    else if ((events & epollFlags.in) !== 0) this.#receive();
    this.#watch();
  }

  #receive(): void {
    const { transport } = this.#init;
    const fds: number[] = [];
    const length = transport.receive(this.fd, fds);
    if (length === 0) this.close();
    else if (length === -errnoNumbers.EMFILE) {
      for (const fd of fds) this.#init.libc.close(fd);
      this.close(new ErrnoError('EMFILE', 'the client passed file descriptors, and there are none left here'));
    } else if (length > 0)
      this.#guard(() => {
        this.#inbox.push(transport.received, this.#receivedView, length, fds);
        this.#answerSome();
      });
    // -EAGAIN, -EINTR: nothing is there yet. All else is told by the next events.
  }

  /** What goes wrong with one connection ends that one. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.close(error);
    }
  }

  /** Answers what has come, up to a turn's share. */
  #answerSome(): void {
    for (let count = 0; !this.#closed && !this.#opening && this.#inbox.isReady; count++) {
      if (count === messagesInTurn || this.#outbox.isWaiting) break;
      this.#inbox.next();
      this.#take();
    }
    if (this.#closed) return;
    this.#inbox.keep();
    if (!this.#opening && !this.#outbox.isWaiting && this.#inbox.isReady) this.#later();
  }

  /** Goes on in the next round. */
  #later(): void {
    if (this.#hasTurn) return;
    this.#hasTurn = true;
    this.#init.loop.soon(() => {
      this.#hasTurn = false;
      if (this.#closed) return;
      this.#guard(() => this.#answerSome());
      this.#watch();
    });
  }

  /** Reads on only when what has come is answered, and the answers are read. */
  #watch(): void {
    if (this.#closed) return;
    const { loop } = this.#init;
    if (this.#outbox.isWaiting) loop.change(this.fd, interest.write);
    else {
      loop.change(this.fd, this.#opening || this.#hasTurn ? interest.none : interest.read);
      // The peer has read its answers: those that were held back for that go on.
      if (!this.#opening && !this.#hasTurn && this.#inbox.isReady) this.#later();
    }
  }

  /** Takes the message that the inbox is at. */
  #take(): void {
    const { view, at } = this.#inbox;
    const id = view.getUint16(at + header.id, true);
    const command = view.getUint16(at + header.command, true);
    const messageFlags = view.getUint32(at + header.flags, true);
    const kind = messageFlags & flags.kind;
    try {
      if (kind === flags.reply) this.#takeReply(id, command, messageFlags);
      else if (kind !== flags.command) throw new ProtocolError(`a message of kind ${kind}`);
      else this.#execute(id, command, (messageFlags & flags.noReply) !== 0);
    } finally {
      for (const fd of this.#inbox.fds) this.#init.libc.close(fd);
      this.#inbox.fds.length = 0;
    }
  }

  #takeReply(id: number, command: number, messageFlags: number): void {
    const { bytes, view, at, size } = this.#inbox;
    const errno = (messageFlags & flags.error) === 0 ? undefined : view.getUint32(at + header.errno, true);
    this.#calls.settle(id, command, errno, bytes.subarray(at + headerBytes, at + size));
  }

  #execute(id: number, command: number, noReply: boolean): void {
    const { transport } = this.#init;
    const { bytes, view, at, size, fds } = this.#inbox;
    const session = this.#session;
    const replyFds: number[] = [];
    let length: number;
    try {
      if (session === undefined) {
        if (command !== commands.version) throw new ErrnoError('EINVAL', 'the first command must be VERSION');
        this.#negotiate(id, noReply, bytes.slice(at + headerBytes, at + size));
        return;
      }
      if (command === commands.version) throw new ErrnoError('EINVAL', 'the version is agreed on already');
      const payload = { bytes, view, at: at + headerBytes, size: size - headerBytes, fds };
      length = session.execute(command, payload, transport.out, this.#outView, replyFds);
    } catch (error) {
      if (!(error instanceof ErrnoError)) throw error;
      if (!noReply) this.#refuse(id, command, error);
      if (session === undefined) this.close(error);
      return;
    }
    if (noReply) return;
    this.#putHeader(id, command, headerBytes + length, flags.reply, 0);
    this.#send(headerBytes + length, replyFds);
  }

  /** Opens the device, and answers VERSION when that is done. */
  #negotiate(id: number, noReply: boolean, payload: Uint8Array): void {
    const agreement = readVersion(payload);
    this.#opening = true;
    this.#peerTransfer = agreement.maxTransfer;
    this.#init.loop.start(
      async () => {
        const session = await this.#init.open(this);
        // Whoever opened it for a connection that has ended meanwhile has closed it.
        if (this.#closed) return;
        this.#session = session;
        this.#opening = false;
        const answer = versionAnswer(agreement);
        if (!noReply) {
          this.#putHeader(id, commands.version, headerBytes + answer.length, flags.reply, 0);
          this.#init.transport.out.set(answer, headerBytes);
          this.#send(headerBytes + answer.length, []);
        }
        this.#later();
      },
      (error) => {
        if (this.#closed) return;
        if (error instanceof ErrnoError && !noReply) this.#refuse(id, commands.version, error);
        this.close(error);
      },
    );
  }

  #refuse(id: number, command: number, error: ErrnoError): void {
    this.#putHeader(id, command, headerBytes, flags.reply | flags.error, error.errno);
    this.#send(headerBytes, []);
  }

  #putHeader(id: number, command: number, size: number, messageFlags: number, errno: number): void {
    this.#outView.setUint16(header.id, id, true);
    this.#outView.setUint16(header.command, command, true);
    this.#outView.setUint32(header.size, size, true);
    this.#outView.setUint32(header.flags, messageFlags, true);
    this.#outView.setUint32(header.errno, errno, true);
  }

  #send(length: number, fds: readonly number[]): void {
    if (this.#closed) return;
    if (!this.#outbox.send(length, fds)) this.close();
    else if (this.#outbox.isWaiting) this.#watch();
  }
}
