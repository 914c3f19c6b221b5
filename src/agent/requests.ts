import { watch } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isDeviceUUID } from '../api/device-uuid.ts';
import { replaceFile } from '../lib/durable-file.ts';
import type { Log } from '../kube/log.ts';

/**
 * How an administrator's command reaches a running agent, or the next one: a file `<uuid>.json` in a directory only the
 * agent's user can enter, answered by `<uuid>.answer`.
 */
export const requestSchema = z.object({ action: z.enum(['release', 'remove']) });
export type Request = z.infer<typeof requestSchema>;
export const answerSchema = z.object({ done: z.boolean(), message: z.string() });
/** `done` is false for a request that was refused; `message` is for the administrator. */
export type Answer = z.infer<typeof answerSchema>;

export function requestsDirectory(dataDir: string): string {
  return join(dataDir, 'requests');
}

export interface RequestsOptions {
  readonly dataDir: string;
  readonly log: Log;
  /** Does what is asked, or says why not. A rejection is answered as a refusal. */
  readonly handle: (uuid: string, request: Request) => Promise<Answer>;
}

async function answerTo(uuid: string, text: string, options: RequestsOptions): Promise<Answer> {
  try {
    return await options.handle(uuid, requestSchema.parse(JSON.parse(text)));
  } catch (error) {
    options.log.warn({ uuid, err: error }, 'cannot do what an administrator asked for');
    return { done: false, message: error instanceof Error ? error.message : String(error) };
  }
}

async function serveAll(directory: string, options: RequestsOptions): Promise<void> {
  for (const name of (await readdir(directory)).sort()) {
    const uuid = name.slice(0, -'.json'.length);
    if (!name.endsWith('.json') || !isDeviceUUID(uuid)) continue;
    const path = join(directory, name);
    const answer = await answerTo(uuid, await readFile(path, 'utf8'), options);
    await replaceFile(join(directory, `${uuid}.answer`), `${JSON.stringify(answer)}\n`, { mode: 0o600, durable: false });
    await rm(path, { force: true });
  }
}

/** Serves requests, those waiting first, until `signal` is aborted. */
export async function serveRequests(options: RequestsOptions, signal: AbortSignal): Promise<void> {
  const directory = requestsDirectory(options.dataDir);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await new Promise<void>((resolve, reject) => {
    let serving: Promise<void> = Promise.resolve();
    const serve = (): void => {
      serving = serving
        .then(() => serveAll(directory, options))
        .catch((error: unknown) => options.log.error({ err: error }, 'cannot read the requests of administrators'));
    };
    const watcher = watch(directory, { persistent: false }, serve);
    watcher.on('error', reject);
    const stop = (): void => {
      watcher.close();
      serving.then(resolve, reject);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    serve();
  });
}
