import type { Clock } from '../lib/clock.ts';
import type { EventNote, EventTarget } from './events.ts';

/** So many different messages of one kind about one object stand for themselves within the window, ms; more become one Event. As client-go. */
const maxDifferent = 10;
const window = 10 * 60_000;
const maxRemembered = 2048;

interface Similar {
  readonly messages: Set<string>;
  last: number;
}

/** What is to be said: as it was noted, or as the last of many that differ in their message only. */
export interface Aggregated {
  /** Notes with one key are one Event. */
  readonly key: string;
  readonly note: EventNote;
  /** Whether the message is to follow the latest note. */
  readonly combined: boolean;
}

/** Makes one Event of notes about one object that differ in their message only, once there are too many of them. */
export class EventAggregator {
  readonly #clock: Clock;
  /** By object, type and reason. */
  readonly #similar = new Map<string, Similar>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take({ kind, metadata }: EventTarget, note: EventNote): Aggregated {
    const kindOfNote = [kind, metadata.namespace ?? '', metadata.name, metadata.uid ?? '', note.type, note.reason].join('\n');
    const now = this.#clock.monotonic();
    const known = this.#similar.get(kindOfNote);
    const similar = known === undefined || now - known.last > window ? { messages: new Set<string>(), last: now } : known;
    similar.last = now;
    // Where it was remembered last: the least used goes first.
    this.#similar.delete(kindOfNote);
    this.#similar.set(kindOfNote, similar);
    const [oldest] = this.#similar.keys();
    if (this.#similar.size > maxRemembered && oldest !== undefined) this.#similar.delete(oldest);
    if (similar.messages.has(note.message) || similar.messages.size < maxDifferent) {
      similar.messages.add(note.message);
      return { key: `${kindOfNote}\n${note.message}`, note, combined: false };
    }
    return { key: kindOfNote, note: { ...note, message: `(combined from similar events): ${note.message}` }, combined: true };
  }
}
