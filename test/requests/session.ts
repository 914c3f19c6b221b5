/** One conversation with an API server, noted so that the notes of two servers can be compared. */
import type { RawAnswer, RawClient } from '../cluster/raw-client.ts';
import { isObject } from '../manifests/outcome.ts';
import { Normaliser } from './normaliser.ts';

/** A request, and what of its answer counts. */
export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, text as it is. */
  readonly body?: string | object;
  /** Content type of the body; default application/json. */
  readonly type?: string;
  /** Reduces the answer's body to what is compared; default all of it. */
  readonly pick?: (body: Json) => unknown;
  /** Sent without credentials. */
  readonly anonymous?: boolean;
}

/** What a JSON answer is read as. */
export type Json = Record<string, unknown>;

/** One noted answer: `[label, code, further headers and body]`. */
export type Note = readonly [label: string, code: number, answer: Json];

/** An event of a watch as it came. */
export interface WatchEvent {
  readonly type: string;
  readonly object: Json;
}

/** Names that the answers are compared by. */
const comparedHeaders = ['content-type', 'warning', 'allow', 'retry-after', 'location'] as const;

export class Session {
  /** A namespace made for this conversation alone. */
  readonly namespace: string;
  readonly notes: Note[] = [];
  readonly #client: RawClient;
  readonly #normaliser: Normaliser;

  /** @param notedAs what the namespace is called in the notes */
  constructor(client: RawClient, namespace: string, notedAs = namespace) {
    this.#client = client;
    this.namespace = namespace;
    this.#normaliser = new Normaliser(namespace, notedAs);
  }

  /** Collection of MdevDevices in the scenario's namespace. */
  get devices(): string {
    return `/apis/mediated.dev/v1alpha1/namespaces/${this.namespace}/mdevdevices`;
  }

  /** Sends the request, notes the answer and returns its JSON body ({} if it has none). */
  async send(label: string, request: Request): Promise<Json> {
    const answer = await this.#request(request);
    this.#note(label, answer, request.pick);
    return parsed(answer.body) ?? {};
  }

  /** Sends a request that only prepares something. @throws Error unless the server accepts it */
  async prepare(request: Request): Promise<Json> {
    const answer = await this.#request(request);
    if (answer.status >= 300) throw new Error(`Cannot prepare ${request.method ?? 'GET'} ${request.path}: ${answer.body}`);
    const body = parsed(answer.body) ?? {};
    this.#normaliser.apply(body); // so that UIDs in later messages are known
    return body;
  }

  /** Takes away what a try that broke off may have left under a name that every try uses. */
  async clear(path: string): Promise<void> {
    await this.#request({ method: 'DELETE', path });
    await this.until(path, (code) => code === 404);
  }

  /** Repeats a GET until `done`; for what happens behind the request, such as garbage collection. @throws Error after 60 s */
  async until(path: string, done: (code: number, body: Json) => boolean): Promise<Json> {
    const deadline = Date.now() + 60_000; // the real collector looks for new kinds every 30 s
    for (;;) {
      const answer = await this.#request({ path });
      const body = parsed(answer.body) ?? {};
      if (done(answer.status, body)) return body;
      if (Date.now() > deadline) throw new Error(`Waited too long for ${path}, which still answers ${answer.body}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /**
   * Watches while `during` runs and until `done` likes the events or 10 s are over, then notes the events.
   * `during` starts when the server has begun to answer.
   */
  async watch(label: string, request: Request, during: () => Promise<void>, done: (events: WatchEvent[]) => boolean): Promise<void> {
    const end = new AbortController();
    const events: WatchEvent[] = [];
    let rest = '';
    const onText = (text: string): void => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) events.push(eventOf(line));
      if (done(events)) end.abort();
    };
    const timer = setTimeout(() => end.abort(), 10_000);
    let begun: (() => void) | undefined;
    const begin = new Promise<void>((resolve) => (begun = resolve));
    const stream = this.#client.stream({ ...wire(request), signal: end.signal }, onText, () => begun?.());
    await Promise.race([begin, stream]);
    await during();
    const answer = await stream;
    clearTimeout(timer);
    if (answer.status !== 200) {
      this.#note(label, { ...answer, body: rest }, request.pick);
      return;
    }
    const seen = request.pick ? events.map((event) => ({ ...event, object: request.pick?.(event.object) })) : events;
    this.#push(label, answer.status, { events: this.#normaliser.apply(seen) });
  }

  /** Notes something that was worked out from answers. */
  noteValue(label: string, value: unknown): void {
    this.#push(label, 0, { value: this.#normaliser.apply(value) });
  }

  async #request(request: Request): Promise<RawAnswer> {
    if (!request.anonymous) return this.#client.request(wire(request));
    const client = this.#client.anonymous();
    try {
      return await client.request(wire(request));
    } finally {
      client.close();
    }
  }

  #note(label: string, answer: RawAnswer, pick: Request['pick']): void {
    const headers: Json = {};
    for (const name of comparedHeaders) if (answer.headers[name] !== undefined) headers[name] = answer.headers[name];
    if (headers['content-type'] === 'application/json') delete headers['content-type'];
    const body = parsed(answer.body);
    const seen = body === undefined ? answer.body : pick && answer.status < 300 ? pick(body) : body;
    this.#push(label, answer.status, { ...headers, body: this.#normaliser.apply(seen) });
  }

  #push(label: string, code: number, answer: Json): void {
    this.notes.push([this.#normaliser.named(label), code, answer]);
  }
}

// Where no watch is served the answer is an object, or text.
function eventOf(line: string): WatchEvent {
  const value = parsed(line) ?? { text: line };
  return typeof value['type'] === 'string' && isObject(value['object'])
    ? { type: value['type'], object: value['object'] }
    : { type: 'no event', object: value };
}

function wire(request: Request): { method: string; path: string; headers: Record<string, string>; body?: string } {
  const { method = 'GET', path, headers = {}, body, type = 'application/json' } = request;
  if (body === undefined) return { method, path, headers: { ...headers } };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method, path, headers: { 'content-type': type, ...headers }, body: text };
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : { value };
  } catch {
    return undefined;
  }
}
