import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { must, openLibc } from './libc/libc.ts';
import { namedAddress } from './libc/structs.ts';
import { notifyServiceManager } from './service-manager.ts';

it.each([
  ['a path', () => join(mkdtempSync(join(tmpdir(), 'notify-')), 'socket')],
  ['a name of the abstract namespace', () => `@mdev-operator-test-${process.pid}`],
])('a service manager that listens at %s hears the state in one datagram', (_, newName) => {
  const libc = openLibc();
  const name = newName();
  const manager = must(libc.unixDatagramSocket(), 'socket');
  onTestFinished(() => void libc.close(manager));
  must(libc.bind(manager, namedAddress(name)), 'bind');
  notifyServiceManager(name, { READY: '1', STATUS: 'all\nthere' });
  const buffer = Buffer.alloc(4096);
  expect(buffer.toString('utf8', 0, must(libc.read(manager, buffer), 'read'))).toBe('READY=1\nSTATUS=all there\n');
});

it('nobody who listens is an error that names the socket', () => {
  expect(() => notifyServiceManager('/nonexistent/notify', { READY: '1' })).toThrow(/ENOENT: telling the service manager at \/nonexistent/);
});
