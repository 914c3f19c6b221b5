import { watch, type FSWatcher } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeviceUUID } from '../api/device-uuid.ts';
import { replaceFile } from '../lib/durable-file.ts';
import { tryLock } from '../lib/lock.ts';
import { recordSchema, type OwnershipRecord } from './record/record.ts';
import { answerSchema, requestsDirectory, type Answer, type Request } from './requests.ts';

/** The administrator's hand on the ownership records: what the command line calls, in another process than the agent. */

export const lockFile = 'agent.lock';

export function recordsDirectory(dataDir: string): string {
  return join(dataDir, 'devices');
}

/** A device of ours, or a record that cannot be read. */
export type Owned = { readonly uuid: string; readonly record: OwnershipRecord } | { readonly uuid: string; readonly unreadable: string };

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function readOne(path: string, uuid: string): Promise<Owned | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return { uuid, record: recordSchema.parse(JSON.parse(text)) };
  } catch {
    return { uuid, unreadable: path };
  }
}

async function names(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** All devices that the agent of `dataDir` owns, ordered by UUID; nothing is changed. */
export async function listOwned(dataDir: string): Promise<Owned[]> {
  const directory = recordsDirectory(dataDir);
  const owned: Owned[] = [];
  for (const folder of [directory, join(directory, 'unreadable')]) {
    for (const name of await names(folder)) {
      const uuid = name.slice(0, -'.json'.length);
      if (!name.endsWith('.json') || !isDeviceUUID(uuid)) continue;
      const entry = await readOne(join(folder, name), uuid);
      if (entry !== undefined) owned.push(folder === directory ? entry : { uuid, unreadable: join(folder, name) });
    }
  }
  return owned.sort((a, b) => (a.uuid < b.uuid ? -1 : 1));
}

/** Whether an agent runs on `dataDir`. */
export function isAgentRunning(dataDir: string): boolean {
  using lock = tryLock(join(dataDir, lockFile));
  return lock === undefined;
}

/**
 * Asks the agent of `dataDir` to give up a device without object (`release`: it becomes foreign) or to remove it (`remove`), and
 * waits for the answer until `signal` aborts. Where no agent runs it answers at once: the next one will do it.
 * @throws the signal's reason
 */
export async function askAgent(dataDir: string, uuid: string, request: Request, signal: AbortSignal): Promise<Answer> {
  const id = uuid.toLowerCase();
  if (!isDeviceUUID(id)) return { done: false, message: `${uuid} is not the UUID of a device` };
  const directory = requestsDirectory(dataDir);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const answerName = `${id}.answer`;
  await rm(join(directory, answerName), { force: true });
  const write = (): Promise<void> =>
    replaceFile(join(directory, `${id}.json`), `${JSON.stringify(request)}\n`, { mode: 0o600, durable: true });
  if (!isAgentRunning(dataDir)) {
    await write();
    return { done: true, message: `No agent runs on ${dataDir}: it is done when one starts.` };
  }
  const events = watch(directory);
  try {
    await Promise.all([answered(events, answerName, signal), write()]);
  } finally {
    events.close();
  }
  const answer = answerSchema.parse(JSON.parse(await readFile(join(directory, answerName), 'utf8')));
  await rm(join(directory, answerName), { force: true });
  return answer;
}

function answered(events: FSWatcher, name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    events.on('change', (_type, changed) => {
      if (changed !== name) return;
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    events.on('error', reject);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
