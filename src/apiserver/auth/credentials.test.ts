import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureCredentials, isBearer } from './credentials.ts';

const day = 24 * 60 * 60 * 1000;
const start = Date.UTC(2026, 0, 1);
const hosts = ['localhost', '127.0.0.1'];
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mdev-credentials-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('credentials', () => {
  it('are made once and kept', async () => {
    const first = await ensureCredentials(directory, hosts, start);
    expect(await ensureCredentials(directory, hosts, start + 100 * day)).toEqual(first);
    const server = new X509Certificate(first.server.certificate);
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(new X509Certificate(first.admin.certificate).subject).toContain('O=system:masters');
    expect(server.verify(new X509Certificate(first.authority.certificate).publicKey)).toBe(true);
  });

  it('are renewed a month before their end, under the same authority', async () => {
    const first = await ensureCredentials(directory, hosts, start);
    const renewed = await ensureCredentials(directory, hosts, start + 340 * day);
    expect(renewed.authority).toEqual(first.authority);
    expect(renewed.server).not.toEqual(first.server);
    expect(renewed.admin).not.toEqual(first.admin);
    expect(renewed.token).toBe(first.token);
    const expiry = new X509Certificate(renewed.server.certificate).validToDate.getTime();
    expect(expiry).toBeGreaterThan(start + 700 * day);
  });

  it('name a new host when the server is to listen on it', async () => {
    const first = await ensureCredentials(directory, hosts, start);
    const moved = await ensureCredentials(directory, [...hosts, '192.0.2.7'], start);
    expect(new X509Certificate(moved.server.certificate).checkIP('192.0.2.7')).toBe('192.0.2.7');
    expect(moved.admin).toEqual(first.admin);
  });

  it('are made anew when a crash left a key without its certificate', async () => {
    const first = await ensureCredentials(directory, hosts, start);
    await writeFile(join(directory, 'pki', 'server.key'), first.admin.key);
    const repaired = await ensureCredentials(directory, hosts, start);
    expect(new X509Certificate(repaired.server.certificate).fingerprint256).not.toBe(
      new X509Certificate(first.server.certificate).fingerprint256,
    );
    expect(await readFile(join(directory, 'pki', 'server.key'), 'utf8')).toBe(repaired.server.key);
  });
});

describe('a bearer token', () => {
  it.each([
    ['Bearer secret', true],
    ['bearer secret', true],
    ['Bearer  secret', true],
    ['Bearer secret2', false],
    ['Bearer ', false],
    ['Basic secret', false],
    ['secret', false],
    [null, false],
  ])('%s', (header, expected) => {
    expect(isBearer(header, 'secret')).toBe(expected);
  });
});
