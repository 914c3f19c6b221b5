import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryLock } from './lock.ts';

describe('tryLock', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lock-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('lets one in and refuses the next until the first lets go', () => {
    const path = join(directory, 'agent.lock');
    {
      using held = tryLock(path);
      expect(held?.path).toBe(path);
      expect(tryLock(path)).toBeUndefined();
    }
    using again = tryLock(path);
    expect(again).toBeDefined();
  });

  it('is free again when its holder was killed', async () => {
    const path = join(directory, 'agent.lock');
    const script = `
      import { tryLock } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)};
      globalThis.held = tryLock(${JSON.stringify(path)});
      process.stdout.write(globalThis.held ? 'held' : 'refused');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    expect(said.toString()).toBe('held');
    expect(tryLock(path)).toBeUndefined();
    child.kill('SIGKILL');
    await once(child, 'exit');
    using lock = tryLock(path);
    expect(lock).toBeDefined();
  });

  it('names the path when the file cannot be made', () => {
    const path = join(directory, 'missing', 'agent.lock');
    expect(() => tryLock(path)).toThrow(`Cannot lock ${path}`);
  });
});
