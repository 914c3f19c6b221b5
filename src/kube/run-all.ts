/**
 * Runs tasks side by side under one signal. When one of them rejects, the others are aborted; when all have ended, the first
 * error is thrown. So nothing goes on unseen after a part has failed.
 */
export async function runAll(tasks: readonly ((signal: AbortSignal) => Promise<void>)[], signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  const failures: unknown[] = [];
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task(stop.signal);
      } catch (error) {
        // An error that follows from being aborted is none.
        if (stop.signal.aborted) return;
        failures.push(error);
        stop.abort(error);
      }
    }),
  );
  signal.removeEventListener('abort', onAbort);
  if (failures.length > 0) throw failures[0];
}
