/** Work goes on for this long before other work gets its turn, ms. */
const slice = 10;

/** Resolves after everything else that is ready to run has run. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A function to call between the steps of long work: it gives other work its turn now and then. False once `signal` is aborted.
 */
export function pacer(signal: AbortSignal): () => Promise<boolean> {
  let started = performance.now();
  return async () => {
    if (performance.now() - started >= slice) {
      await nextTurn();
      started = performance.now();
    }
    return !signal.aborted;
  };
}
