import { chmod, link, mkdtemp, rm, stat, unlink } from 'node:fs/promises';
import { once } from 'node:events';
import { createConnection, type Server } from 'node:net';
import path from 'node:path';

/** sun_path of unix(7) without its closing zero byte. */
const maxPathBytes = 107;

/** The socket's file, which `unlink` takes away unless another server has put its own there. */
export interface BoundSocket {
  unlink(): Promise<void>;
}

/**
 * Makes `server` listen at `socketPath`, mode 0600. The socket is bound in a folder that nobody else may enter and then linked to
 * its place, so it is never there with wider rights, and linking never replaces a living server's socket. A socket
 * there that nobody answers at is a dead server's and is taken away.
 * @throws Error if somebody answers there, if something other than a socket is there, or if the path is too long
 */
export async function bindSocket(server: Server, socketPath: string): Promise<BoundSocket> {
  const folder = await mkdtemp(path.join(path.dirname(socketPath), '.s'));
  try {
    const temporary = path.join(folder, 's');
    for (const name of [socketPath, temporary])
      if (Buffer.byteLength(name) > maxPathBytes) throw new Error(`A socket's path has at most ${maxPathBytes} bytes: ${name}`);
    server.listen(temporary);
    await once(server, 'listening');
    await chmod(temporary, 0o600);
    await linkInPlace(temporary, socketPath);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
  const { ino } = await stat(socketPath);
  return {
    async unlink() {
      if ((await inode(socketPath)) === ino) await unlink(socketPath);
    },
  };
}

async function linkInPlace(temporary: string, socketPath: string): Promise<void> {
  try {
    await link(temporary, socketPath);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    await removeStale(socketPath);
    await link(temporary, socketPath);
  }
}

async function removeStale(socketPath: string): Promise<void> {
  const found = await stat(socketPath);
  if (!found.isSocket()) throw new Error(`Cannot listen at ${socketPath}: there is something that is no socket`);
  if (await answers(socketPath)) throw new Error(`Cannot listen at ${socketPath}: another server answers there`);
  if ((await inode(socketPath)) === found.ino) await unlink(socketPath);
}

/** Whether a server accepts a connection there. */
async function answers(socketPath: string): Promise<boolean> {
  const socket = createConnection(socketPath);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if (isCode(error, 'ECONNREFUSED') || isCode(error, 'ENOENT')) return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

async function inode(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).ino;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
