import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { nodeFlags } from '../../../lib/program-beside.ts';
import type { WriteRequest } from './messages.ts';

/** An agent that starts a writer, tells it something while it does not run, says its pid, and is killed. */
const agent = `
  const { spawn } = require('node:child_process');
  const [, program, flags, request] = process.argv;
  const args = [...JSON.parse(flags), program, '.'.repeat(256)];
  const writer = spawn(process.execPath, args, { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  writer.stdout.once('data', () => {
    process.kill(writer.pid, 'SIGSTOP');
    writer.stdin.write(request + '\\n', () => {
      require('node:fs').writeSync(1, String(writer.pid));
      process.kill(process.pid, 'SIGKILL');
    });
  });
`;

it('begins nothing that it was told by an agent that is dead: the next one has not seen it at work', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mdev-writer-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'create');
  writeFileSync(path, '');
  const title = 'mdev-writer create 12345678-1234-1234-1234-123456789abc nvidia-11 2026-01-01T00:00:00Z card';
  const request: WriteRequest = { title, file: { path, value: 'written' } };
  const args = [new URL('./mdev-writer.ts', import.meta.url).pathname, JSON.stringify(nodeFlags), JSON.stringify(request)];
  const killed = spawn(process.execPath, ['-e', agent, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let pid = '';
  killed.stdout.setEncoding('utf8').on('data', (text: string) => (pid += text));
  await once(killed, 'close');
  expect(pid).toMatch(/^\d+$/);
  process.kill(Number(pid), 'SIGCONT');
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 10_000 }).toBe(false);
  expect(readFileSync(path, 'utf8')).toBe('');
});
