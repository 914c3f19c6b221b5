/** How long a condition is waited for, ms of real time: a machine that others use may stall for seconds. */
const patience = 10_000;

/** Lets the event loop turn, and with it come what I/O brings, until the condition is met or patience ends: whoever asks checks which. */
export async function turnUntil(met: () => boolean): Promise<void> {
  const end = performance.now() + patience;
  while (!met() && performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
}
