/** An API server without sockets on a clock that the test turns. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiCore, startApiCore } from '../../src/apiserver/server.ts';
import type { Json, JsonObject } from '../../src/apiserver/object.ts';
import type { HistoryLimits } from '../../src/apiserver/store/collection.ts';
import { ManualClock } from '../../src/lib/manual-clock.ts';
import { widgetCrd } from './widgets.ts';

/** An answer: its code and its JSON body. */
export interface Reply {
  readonly code: number;
  readonly body: JsonObject;
  readonly headers: Headers;
}

export interface TestCore {
  readonly core: ApiCore;
  readonly clock: ManualClock;
  readonly complaints: string[];
  /** Sends a request; an object as body goes as JSON. */
  send(method: string, path: string, body?: Json, headers?: Record<string, string>): Promise<Reply>;
  /** Starts a watch. */
  watch(path: string): Promise<WatchReader>;
  stop(): Promise<void>;
}

/** The events of a watch, one by one. */
export interface WatchReader {
  /** The next event; undefined when the watch has ended. */
  next(): Promise<{ type: string; object: JsonObject } | undefined>;
  /** Lets go of the watch. */
  cancel(): Promise<void>;
}

export async function startTestCore(history?: HistoryLimits): Promise<TestCore> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mdev-core-'));
  const clock = new ManualClock();
  const complaints: string[] = [];
  const complain = (fields: object, message: string): void => {
    complaints.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log = { info: () => undefined, warn: complain, error: complain };
  const options = { dataDir, crds: [widgetCrd()], clock, log, ...(history !== undefined && { history }) };
  const core = await startApiCore(options, () => '127.0.0.1:1');
  return {
    core,
    clock,
    complaints,
    async send(method, path, body, headers) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await core.handler(
        new Request(`https://localhost${path}`, {
          method,
          headers: { 'content-type': 'application/json', ...headers },
          ...(body !== undefined && { body: text }),
        }),
      );
      const answer = await response.text();
      return { code: response.status, body: parse(answer), headers: response.headers };
    },
    async watch(path) {
      const response = await core.handler(new Request(`https://localhost${path}`));
      return readWatch(response);
    },
    async stop() {
      await core.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

function parse(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return { text }; // health checks answer plain text
  }
}

function readWatch(response: Response): WatchReader {
  const reader = response.body?.getReader();
  const lines: string[] = [];
  let rest = '';
  return {
    async next() {
      for (;;) {
        const line = lines.shift();
        if (line !== undefined) return JSON.parse(line) as { type: string; object: JsonObject };
        const chunk = await reader?.read();
        if (chunk === undefined || chunk.done) return undefined;
        const parts = (rest + Buffer.from(chunk.value).toString()).split('\n');
        rest = parts.pop() ?? '';
        lines.push(...parts);
      }
    },
    async cancel() {
      await reader?.cancel();
    },
  };
}

/** Path of the widgets of a namespace. */
export const widgets = '/apis/test.example/v1/namespaces/default/widgets';
/** Path of the widgets of all namespaces. */
export const allWidgets = '/apis/test.example/v1/widgets';

/** A widget as a body. */
export function widgetBody(name: string, spec: JsonObject = { color: 'red' }, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'test.example/v1', kind: 'Widget', metadata: { name, ...metadata }, spec };
}

/** The text at a path; '' when there is none. */
export function textAt(value: Json | undefined, ...path: (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** The value at a path of keys and indexes, e.g. at(object, 'metadata', 'name'). */
export function at(value: Json | undefined, ...path: (string | number)[]): Json | undefined {
  let current: Json | undefined = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Array.isArray(current) ? current[Number(key)] : current[key];
  }
  return current;
}
