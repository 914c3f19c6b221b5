import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bindSocket } from './socket-file.ts';

describe('the socket of a server', () => {
  let folder = '';
  let socketPath = '';
  const servers = new Set<Server>();

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'mdev-'));
    socketPath = path.join(folder, 'server.sock');
  });

  afterEach(async () => {
    await Promise.all([...servers].map(stop));
    await rm(folder, { recursive: true });
  });

  function server(): Server {
    const created = createServer();
    servers.add(created);
    return created;
  }

  async function stop(running: Server): Promise<void> {
    servers.delete(running);
    if (!running.listening) return;
    const closed = once(running, 'close');
    running.close();
    await closed;
  }

  async function answers(): Promise<void> {
    const socket = connect(socketPath);
    await once(socket, 'connect');
    socket.destroy();
  }

  it('can be connected to, is of mode 0600 and leaves nothing else behind', async () => {
    const bound = await bindSocket(server(), socketPath);
    await answers();
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['server.sock']);
    await bound.unlink();
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes the place of a dead one', async () => {
    const dead = server();
    await bindSocket(dead, socketPath);
    // Closed without unlinking, as by kill -9.
    await stop(dead);
    expect(await readdir(folder)).toEqual(['server.sock']);
    await bindSocket(server(), socketPath);
    await answers();
  });

  it('never takes the place of a living one', async () => {
    await bindSocket(server(), socketPath);
    const { ino } = await stat(socketPath);
    await expect(bindSocket(server(), socketPath)).rejects.toThrow(/another server answers/);
    expect((await stat(socketPath)).ino).toBe(ino);
    await answers();
  });

  it('never takes the place of what is no socket', async () => {
    await writeFile(socketPath, 'precious');
    await expect(bindSocket(server(), socketPath)).rejects.toThrow(/no socket/);
    expect((await stat(socketPath)).isFile()).toBe(true);
    expect(await readdir(folder)).toEqual(['server.sock']);
  });

  it('is had by one of many that start at once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => bindSocket(server(), socketPath)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await answers();
    expect(await readdir(folder)).toEqual(['server.sock']);
  });

  it('is not unlinked by a server whose place another has taken', async () => {
    const first = await bindSocket(server(), socketPath);
    await rm(socketPath);
    await bindSocket(server(), socketPath);
    await first.unlink();
    await answers();
  });

  it('cannot have a path that is too long, or lies nowhere', async () => {
    await expect(bindSocket(server(), path.join(folder, 'x'.repeat(108)))).rejects.toThrow(/at most 107 bytes/);
    await expect(bindSocket(server(), path.join(folder, 'nowhere', 's'))).rejects.toThrow(/ENOENT/);
    expect(await readdir(folder)).toEqual([]);
  });
});
