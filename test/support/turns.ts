/** How long a condition is waited for, ms of real time: a machine that others use may stall for seconds. */
const patience = 10_000;

/**
 * Lets the event loop turn, and with it come what I/O brings, until the condition is met or patience ends: whoever asks checks which. Turns
 * once at least, so that what follows at once from what met the condition has happened, too.
 */
export async function turnUntil(met: () => boolean): Promise<void> {
  const end = performance.now() + patience;
  do await new Promise((resolve) => setImmediate(resolve));
  while (!met() && performance.now() < end);
}
