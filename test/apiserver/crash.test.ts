import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adminToken, type HttpsClient, httpsClient } from './https-client.ts';
import { widget } from './widgets.ts';

let dataDir: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'mdev-crash-'));
});

afterEach(async () => {
  if (child?.exitCode === null) child.kill('SIGKILL');
  await rm(dataDir, { recursive: true });
});

async function start(): Promise<{ process: ChildProcess; client: HttpsClient }> {
  const args = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'crash-child.ts'), dataDir];
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  child = started;
  const url = await new Promise<string>((resolve, reject) => {
    started.stdout.once('data', (data: Buffer) => {
      resolve(data.toString().trim());
    });
    started.once('exit', (code) => {
      reject(new Error(`the server ended with ${String(code)}`));
    });
  });
  return { process: started, client: await httpsClient(url, dataDir, await adminToken(dataDir)) };
}

async function kill(running: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => running.once('exit', resolve));
  running.kill('SIGKILL');
  await gone;
}

interface Acknowledged {
  /** The size that each widget was last acknowledged with; undefined once its deletion was. */
  readonly sizes: Map<string, number | undefined>;
  /** Widgets with a request under way when the server died: either outcome is right. */
  readonly open: Set<string>;
  newest: number;
}

interface WidgetList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly spec: { readonly size: number } }[];
}

const path = '/apis/test.example/v1/namespaces/default/widgets';

/** Creates, changes and deletes widgets until the server goes away; every 25 answers it calls `progress`. */
async function write(client: HttpsClient, worker: string, state: Acknowledged, progress: () => void): Promise<void> {
  for (let i = 0; ; i += 1) {
    const name = `${worker}-${i % 20}`;
    state.open.add(name);
    try {
      const known = state.sizes.get(name);
      const size = (i % 9) + 1;
      const body = widget(name, { color: 'red', size });
      const merge = { 'content-type': 'application/merge-patch+json' };
      const reply =
        known === undefined
          ? await client.send('POST', path, { body })
          : i % 3 === 0
            ? await client.send('DELETE', `${path}/${name}`)
            : await client.send('PATCH', `${path}/${name}`, { body: JSON.stringify({ spec: { size } }), headers: merge });
      expect(reply.status, reply.text).toBeLessThan(300);
      const object = JSON.parse(reply.text) as { kind: string; metadata: { resourceVersion?: string } };
      state.sizes.set(name, object.kind === 'Status' ? undefined : size);
      state.newest = Math.max(state.newest, Number(object.metadata.resourceVersion ?? 0));
      state.open.delete(name);
    } catch (error) {
      if (error instanceof Error && 'code' in error) return; // the connection broke: the server was killed
      throw error;
    }
    if (i % 25 === 24) progress();
  }
}

describe('kill -9', () => {
  it('in the middle of writes loses no write that was acknowledged, three times over', async () => {
    const state: Acknowledged = { sizes: new Map(), open: new Set(), newest: 0 };
    let { process: running, client } = await start();
    for (let round = 0; round < 3; round += 1) {
      let left = 4;
      await new Promise<void>((resolve, reject) => {
        const progress = (): void => {
          left -= 1;
          if (left === 0) kill(running).then(resolve, reject);
        };
        const workers = ['a', 'b', 'c', 'd'].map((worker) => write(client, `${worker}${round}`, state, progress));
        Promise.all(workers).catch(reject);
      });
      client.close();

      ({ process: running, client } = await start());
      const reply = await client.send('GET', path);
      const list = JSON.parse(reply.text) as WidgetList;
      const stored = new Map(list.items.map((item) => [item.metadata.name, item.spec.size]));
      for (const [name, size] of state.sizes) if (!state.open.has(name)) expect(stored.get(name), name).toBe(size);
      expect(Number(list.metadata.resourceVersion)).toBeGreaterThanOrEqual(state.newest);
      // What was under way is now known: either outcome was right.
      for (const name of state.open) state.sizes.set(name, stored.get(name));
      state.open.clear();
    }
    client.close();
    await kill(running);
  });
});
