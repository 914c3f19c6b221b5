import { join } from 'node:path';
import { ErrnoError } from '../../lib/errno.ts';
import { pageSize } from '../vfio/dma.ts';
import type { LimitRefusal } from '../vfio/device.ts';
import { VfioDevice } from '../vfio/device.ts';
import type { DeviceModel } from '../vfio/model.ts';
import { Connection } from './connection.ts';
import type { IOContext } from './io-context.ts';
import type { Peer } from './peer.ts';
import { Session } from './session.ts';
import { SharedFiles } from './shared-files.ts';
import type { DeviceUse, PinRefusal } from './thread-protocol.ts';
import { UnixListener } from './unix-listener.ts';

/** More connections to one device than this do not wait for it. */
const maxConnections = 64;

/** The mdev core, as this side of it asks. All refusals are ErrnoErrors. */
export interface Core {
  /** Opens the device; answers its readable attributes, and what ends the open. */
  open(uuid: string, user: { readonly pid: number; readonly comm: string }): Promise<CoreOpen>;
}

export interface CoreOpen {
  readonly attributes: Readonly<Record<string, string>>;
  release(): Promise<void>;
}

export interface ServedDeviceInit {
  readonly uuid: string;
  readonly model: DeviceModel;
  readonly context: IOContext;
  readonly core: Core;
  /** The device's use is worth another look. */
  readonly onChanged: (uuid: string, refused?: PinRefusal) => void;
}

/** The user that has the device open. */
interface Use {
  readonly connection: Connection;
  readonly peer: Peer;
  readonly session: Session;
  readonly open: CoreOpen;
}

/** One device at its socket: many may connect, one has it open. */
export class ServedDevice {
  readonly #init: ServedDeviceInit;
  readonly #device: VfioDevice;
  readonly #listener: UnixListener;
  readonly #connections = new Set<Connection>();
  /** A connection has it, or is about to. */
  #user: Connection | undefined;
  #use: Use | undefined;
  /** Resolves when the core has closed the device for the user before. */
  #released: Promise<void> = Promise.resolve();
  /** Resolves when the last attempt to open the device is over, one for a connection that has ended meanwhile included. */
  #attempt: Promise<unknown> = Promise.resolve();
  #refusals = 0;
  /** Pages pinned, as was told last. */
  #toldPages = 0;

  /** @throws ErrnoError when the socket cannot be made */
  constructor(init: ServedDeviceInit) {
    const { uuid, model, context } = init;
    const { libc, loop, runDir } = context;
    this.#init = init;
    this.#device = new VfioDevice(uuid, model);
    this.#listener = new UnixListener({
      path: join(runDir, `${uuid}.sock`),
      libc,
      loop,
      onConnection: (fd) => this.#connected(fd),
      onExhausted: (listener, resume) => context.turnAway(listener, resume),
    });
  }

  /** What its user has pinned; undefined while nobody has it open. */
  use(): DeviceUse | undefined {
    if (this.#use === undefined) return undefined;
    const { peer, session } = this.#use;
    const limit = limitOf(peer);
    return {
      uuid: this.#init.uuid,
      user: { pid: peer.pid, comm: peer.comm },
      pages: session.file.pinner.pages,
      lockedBytes: peer.locked.pages * pageSize,
      limitBytes: limit,
    };
  }

  request(): void {
    this.#use?.session.file.request();
  }

  /** Ends all connections, and takes the socket away. */
  async close(): Promise<void> {
    this.#listener[Symbol.dispose]();
    for (const connection of [...this.#connections]) connection.close();
    await this.#released;
    this.#device.dispose();
  }

  #connected(fd: number): void {
    const { libc, loop, transport, log } = this.#init.context;
    // One that has said nothing yet goes before one that is new is turned away.
    if (this.#connections.size >= maxConnections) [...this.#connections].find(({ isIdle }) => isIdle)?.close();
    if (this.#connections.size >= maxConnections) {
      libc.close(fd);
      return;
    }
    const connection = new Connection({
      fd,
      libc,
      loop,
      transport,
      open: (opener) => this.#open(opener),
      onClose: (closed, session, error) => {
        this.#connections.delete(closed);
        if (error !== undefined)
          log(error instanceof ErrnoError || isProtocolError(error) ? 'debug' : 'error', 'a connection was ended', error);
        if (session !== undefined) this.#closeUse();
        else if (this.#user === closed) this.#user = undefined;
        this.#init.context.freed();
      },
    });
    this.#connections.add(connection);
    connection.start();
  }

  /** Opens the device for a connection. @throws ErrnoError EBUSY another has it; what the core or the model refuse with */
  async #open(connection: Connection): Promise<Session> {
    const { uuid, core, context } = this.#init;
    const { libc, loop, peers } = context;
    if (this.#user !== undefined) throw new ErrnoError('EBUSY', `mdev ${uuid} is open by another connection`);
    this.#user = connection;
    const before = this.#attempt;
    const attempt = Promise.withResolvers<undefined>();
    this.#attempt = attempt.promise;
    let peer: Peer | undefined;
    let open: CoreOpen | undefined;
    try {
      peer = peers.enter(libc.peerCredentials(connection.fd).pid);
      const opener = peer;
      await before;
      await this.#released;
      open = await core.open(uuid, { pid: peer.pid, comm: peer.comm });
      if (connection.isClosed) throw new ErrnoError('ENODEV', 'the client is gone');
      const file = this.#device.open({
        attributes: open.attributes,
        run: (work) => loop.start(work, (error) => context.log('error', 'a device failed at its work', error)),
        onPins: () => this.#pinsChanged(),
        onLimit: (refusal) => this.#limited(opener, refusal),
        onLeftover: (iova, pages) =>
          context.log('warn', `mdev ${uuid} left ${pages} pages pinned at 0x${iova.toString(16)}, which was unmapped`, undefined),
      });
      const session = new Session({
        libc,
        loop,
        file,
        peer,
        remote: connection,
        files: new SharedFiles(libc, context.files),
        takePfns: (pages) => context.takePfns(pages),
      });
      this.#use = { connection, peer, session, open };
      this.#init.onChanged(uuid);
      return session;
    } catch (error) {
      if (this.#user === connection) this.#user = undefined;
      if (peer !== undefined) peers.leave(peer);
      if (open !== undefined) this.#released = open.release();
      throw error;
    } finally {
      attempt.resolve(undefined);
    }
  }

  #closeUse(): void {
    const use = this.#use;
    if (use === undefined) return;
    this.#use = undefined;
    this.#user = undefined;
    this.#toldPages = 0;
    try {
      use.session.file.close();
    } finally {
      this.#init.context.peers.leave(use.peer);
      this.#released = use.open.release();
      this.#init.onChanged(this.#init.uuid);
    }
  }

  /** Tells when pages are pinned for the first time, when there are none left, and when they are twice as many or half. */
  #pinsChanged(): void {
    const pages = this.#use?.session.file.pinner.pages ?? 0;
    const told = this.#toldPages;
    if (pages === told || (pages > 0 && told > 0 && pages < told * 2 && pages * 2 > told)) return;
    this.#toldPages = pages;
    this.#init.onChanged(this.#init.uuid);
  }

  #limited({ pid, comm }: Peer, refusal: LimitRefusal): void {
    this.#init.onChanged(this.#init.uuid, { number: ++this.#refusals, user: { pid, comm }, ...refusal });
  }
}

/** The limit that holds the process back, in bytes; undefined where none does, or the process is gone. */
function limitOf(peer: Peer): number | undefined {
  try {
    const limit = peer.memlockLimit();
    return limit === Infinity || peer.hasIPCLock() ? undefined : limit;
  } catch (error) {
    if (error instanceof ErrnoError) return undefined;
    throw error;
  }
}

function isProtocolError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ProtocolError';
}
