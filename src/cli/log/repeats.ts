import type { Clock } from '../../lib/clock.ts';
import { ApiError } from '../../kube/api-error.ts';
import { errnoOf } from '../../lib/errno.ts';
import { explain } from '../health/explain.ts';

/** What is added to a line that is written. */
export interface Addition {
  /** The word for a fault of what this program stands on, and what to do. */
  readonly fault?: string;
  readonly advice?: string;
  /** How often the same was kept back since it was last written. */
  readonly repeated?: number;
}

/** How long the same is not written again, ms: with an error, and a warning without one. */
const quietFor = 5 * 60_000;
const quietForWarning = 10_000;
/** How many different lines are remembered. */
const maxRemembered = 1024;
/** Fields that differ each time the same is said. */
const varying = new Set(['err', 'delay', 'failures', 'phase']);

interface Told {
  readonly at: number;
  readonly isFault: boolean;
  kept: number;
}

/**
 * Keeps lines about trouble from being written again and again. Lines that carry an error (`err`) and say the same are written once in five
 * minutes, warnings without one once in ten seconds. A fault of what the program stands on (the API server, its token, the CRDs, the kernel, the record's folder) is one line however
 * many objects it holds up, with what to do.
 */
export class Repeats {
  readonly #clock: Clock;
  readonly #told = new Map<string, Told>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What to add to a line that is to be written; undefined when it is not. */
  admit(level: string, message: string, fields: object): Addition | undefined {
    const error = 'err' in fields ? fields.err : undefined;
    if (error === undefined && level === 'info') return {};
    const fault = explain(error);
    const key = fault === undefined ? lineKey(level, message, fields, error) : faultKey(fault.fault, error);
    const now = this.#clock.monotonic();
    const told = this.#told.get(key);
    if (told !== undefined && now - told.at < (error === undefined ? quietForWarning : quietFor)) {
      told.kept += 1;
      return undefined;
    }
    this.#remember(key, { at: now, isFault: fault !== undefined, kept: 0 });
    const kept = told?.kept ?? 0;
    return { ...fault, ...(kept > 0 && { repeated: kept }) };
  }

  /** Whether a fault of what the program stands on has been written and not been forgotten since. */
  get faultTold(): boolean {
    return [...this.#told.values()].some(({ isFault }) => isFault);
  }

  /** The faults are mended: when one comes again, it is news. */
  forgetFaults(): void {
    for (const [key, { isFault }] of this.#told) if (isFault) this.#told.delete(key);
  }

  #remember(key: string, told: Told): void {
    this.#told.delete(key);
    this.#told.set(key, told);
    const [oldest] = this.#told.keys();
    if (this.#told.size > maxRemembered && oldest !== undefined) this.#told.delete(oldest);
  }
}

function faultKey(fault: string, error: unknown): string {
  // Each right that is missing is a fault of its own; in the message the object's name comes first.
  if (error instanceof ApiError && error.code === 403) return `${fault}\n${/ cannot [^:]*/.exec(error.message)?.[0] ?? ''}`;
  return `${fault}\n${errnoOf((error as Error).cause) ?? ''}`;
}

function lineKey(level: string, message: string, fields: object, error: unknown): string {
  const subject = Object.entries(fields).filter(([name]) => !varying.has(name));
  return JSON.stringify([level, message, subject, error instanceof Error ? error.message : error]);
}
