import { ConnectionError } from './api-error.ts';
import type { WatchEvent } from './client.ts';

/**
 * Why not client-node's own Watch: it ends every watch after 30 s without an event (a private constant), cannot be stopped
 * while it connects, drops Retry-After and the Status of a refusal, skips a line it cannot parse without a word, and cuts
 * lines at U+2028 and U+2029 too (readline does), which JSON allows inside of strings: the event would be lost.
 */

function parseEvent(line: string): WatchEvent {
  try {
    const event = JSON.parse(line) as { type?: unknown; object?: unknown };
    if (typeof event.type !== 'string') throw new Error('it has no type');
    return { type: event.type, object: event.object };
  } catch (cause) {
    throw new ConnectionError(`Cannot read a watch event: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Reads the body of a watch, one JSON object a line, until its end.
 * Rejects with ConnectionError when a line is not JSON or the body ends inside of one.
 */
export async function readEvents(body: AsyncIterable<Uint8Array>, onEvent: (event: WatchEvent) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onEvent(parseEvent(line));
  }
  if (rest.trim() !== '') throw new ConnectionError('Cannot read a watch event: the stream was cut inside of it');
}
