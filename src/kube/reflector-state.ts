/**
 * What a reflector does next, as states and one pure step. Source of the idea: kube-rs, kube-runtime/src/watcher.rs.
 *
 *   Listing --last page--> Watching --stream ended--> Watching (again)
 *      |                      | 410: expired ------> Listing
 *      |                      | server stays away --> Waiting, then Listing
 *      +--- any failure ------+--> Waiting (backoff) --> Listing or Watching, where it was
 */

/** A watch that lived this long worked, even if nothing happened in it, ms. */
const longLived = 60_000;

/** A watch that ended before this did not work, ms. */
const shortLived = 1_000;

/** What to do once a wait is over. */
export type Resumption = { readonly phase: 'Listing' } | { readonly phase: 'Watching'; readonly resourceVersion: string };

export type ReflectorState<T> =
  /** Asks for the page after `continue`; `items` came with the pages before it. */
  | {
      readonly phase: 'Listing';
      readonly continue: string | undefined;
      readonly items: readonly T[];
      readonly failures: number;
    }
  /**
   * Follows the changes after `resourceVersion`; `progress` tells whether this watch has brought anything yet. `doubtful`: the server was
   * away, or may have been, and may have been restored from a backup that does not know this version.
   */
  | {
      readonly phase: 'Watching';
      readonly resourceVersion: string;
      readonly progress: boolean;
      readonly doubtful: boolean;
      readonly failures: number;
    }
  /** Waits for the backoff of `failures`, but at least `atLeast` ms. */
  | { readonly phase: 'Waiting'; readonly next: Resumption; readonly failures: number; readonly atLeast: number };

export type ReflectorInput<T> =
  | { readonly type: 'page'; readonly items: readonly T[]; readonly resourceVersion: string; readonly continue: string | undefined }
  | { readonly type: 'put'; readonly object: T; readonly resourceVersion: string }
  | { readonly type: 'removed'; readonly key: string; readonly resourceVersion: string }
  | { readonly type: 'bookmark'; readonly resourceVersion: string }
  /** The server ended the stream, or nothing was heard for too long (`idle`), after `lived` ms. */
  | { readonly type: 'ended'; readonly lived: number; readonly idle: boolean }
  /** `expired`: the resource version or the page token is of no use any more; `away`: nobody answered, or nobody who could. */
  | { readonly type: 'failed'; readonly expired: boolean; readonly away: boolean; readonly retryAfter: number | undefined }
  /** The server knows less than we: it was restored from a backup, or emptied. */
  | { readonly type: 'wentBack' }
  | { readonly type: 'waited' };

/** What happens to the store. */
export type StoreChange<T> =
  | { readonly type: 'replace'; readonly items: readonly T[] }
  | { readonly type: 'put'; readonly object: T }
  | { readonly type: 'remove'; readonly key: string };

export interface Step<T> {
  readonly state: ReflectorState<T>;
  readonly change: StoreChange<T> | undefined;
}

export function initialState<T>(): ReflectorState<T> {
  return { phase: 'Listing', continue: undefined, items: [], failures: 0 };
}

function resume<T>(next: Resumption, failures: number): ReflectorState<T> {
  return next.phase === 'Listing'
    ? { phase: 'Listing', continue: undefined, items: [], failures }
    : { phase: 'Watching', resourceVersion: next.resourceVersion, progress: false, doubtful: failures > 0, failures };
}

function wait<T>(next: Resumption, failures: number, atLeast = 0): ReflectorState<T> {
  return { phase: 'Waiting', next, failures, atLeast };
}

function watching<T>(state: ReflectorState<T>, resourceVersion: string): ReflectorState<T> {
  if (state.phase !== 'Watching') return state;
  return { phase: 'Watching', resourceVersion, progress: true, doubtful: false, failures: 0 };
}

function failed<T>(state: ReflectorState<T>, { expired, away, retryAfter }: ReflectorInput<T> & { type: 'failed' }): ReflectorState<T> {
  if (state.phase === 'Waiting') return state;
  const failures = state.failures + 1;
  // A server that stays away may be restored from a backup and have come past our version since: then only a list tells.
  const next: Resumption =
    state.phase === 'Listing' || expired || (away && failures > 1)
      ? { phase: 'Listing' }
      : { phase: 'Watching', resourceVersion: state.resourceVersion };
  // The first expiry is an everyday event and needs no wait; one after another would be a loop.
  if (expired && state.failures === 0 && retryAfter === undefined) return resume(next, failures);
  return wait(next, failures, retryAfter);
}

function ended<T>(state: ReflectorState<T>, lived: number, idle: boolean): ReflectorState<T> {
  if (state.phase !== 'Watching') return state;
  // Not even a bookmark: the server may never reach our version (restored from a backup, say). Only a list tells.
  if (idle && !state.progress) return resume({ phase: 'Listing' }, state.failures);
  const next: Resumption = { phase: 'Watching', resourceVersion: state.resourceVersion };
  if (state.progress || lived >= longLived) return resume(next, 0);
  if (lived < shortLived) return wait(next, state.failures + 1);
  // A busy API server ends the watches that it cannot keep up with (apiserver, storage/cacher, terminated_watchers). Whoever waited then, and
  // longer each time, would be late with what has happened meanwhile; who is back at once gets it from the server's cache.
  return { phase: 'Watching', resourceVersion: next.resourceVersion, progress: false, doubtful: true, failures: state.failures };
}

/** The state after `input`, and what happens to the store on the way. An input that does not fit the state changes nothing. */
export function step<T>(state: ReflectorState<T>, input: ReflectorInput<T>): Step<T> {
  switch (input.type) {
    case 'page': {
      if (state.phase !== 'Listing') return { state, change: undefined };
      const items = [...state.items, ...input.items];
      if (input.continue !== undefined) return { state: { ...state, items, continue: input.continue }, change: undefined };
      return {
        state: { phase: 'Watching', resourceVersion: input.resourceVersion, progress: false, doubtful: false, failures: state.failures },
        change: { type: 'replace', items },
      };
    }
    case 'put':
      if (state.phase !== 'Watching') return { state, change: undefined };
      return { state: watching(state, input.resourceVersion), change: { type: 'put', object: input.object } };
    case 'removed':
      if (state.phase !== 'Watching') return { state, change: undefined };
      return { state: watching(state, input.resourceVersion), change: { type: 'remove', key: input.key } };
    case 'bookmark':
      return { state: watching(state, input.resourceVersion), change: undefined };
    case 'ended':
      return { state: ended(state, input.lived, input.idle), change: undefined };
    case 'failed':
      return { state: failed(state, input), change: undefined };
    case 'wentBack':
      // At once: after a list there is nothing to doubt, so this cannot become a loop.
      return { state: state.phase === 'Watching' ? resume({ phase: 'Listing' }, state.failures) : state, change: undefined };
    case 'waited':
      return { state: state.phase === 'Waiting' ? resume(state.next, state.failures) : state, change: undefined };
  }
}

/** How long to wait after `failures` failures in a row: 0.5 s doubled up to 30 s, and by chance between half and all of it. */
export function backoff(failures: number, random: () => number): number {
  return Math.min(30_000, 500 * 2 ** Math.max(0, failures - 1)) * (0.5 + random() / 2);
}
