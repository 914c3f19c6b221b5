/** What every request handler and controller of this server works with. */
import type { Clock } from '../lib/clock.ts';
import type { KubeObject } from './object.ts';
import type { ResourceRegistry } from './registry.ts';
import type { ObjectStore } from './store/object-store.ts';

/** Where the server tells what it does; the shape of a pino logger. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a kind does beyond its schema when it is written. Hooks are synchronous: a write is judged and ordered in one turn. */
export interface Hooks {
  /** Completes, in place, what was found valid and is about to be stored. */
  complete?(object: KubeObject): void;
  /** Marks an object that shall go; true keeps it until `mayRemove` allows. */
  prepareDelete?(object: KubeObject): boolean;
  /** Whether an object that is marked, and without finalizers, may go. */
  mayRemove?(object: KubeObject): boolean;
  /** @throws StatusError when this object must not be deleted. */
  checkDelete?(object: KubeObject): void;
}

export interface Api {
  readonly store: ObjectStore;
  readonly registry: ResourceRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** By storage name. */
  readonly hooks: ReadonlyMap<string, Hooks>;
}
