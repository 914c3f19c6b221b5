import { sleep } from '../../lib/clock.ts';
import type { EventQueue } from '../event-queue.ts';
import { untilAborted } from '../until-aborted.ts';
import type { Channel } from './channel.ts';
import type { Link, LinkInit } from './link.ts';
import { infoCall, watchStream } from './provider-protocol.ts';

const firstDelay = 50;
const longestDelay = 2_000;
const infoWithin = 10_000;

/**
 * Keeps the server's events going into `queue` until `signal` aborts. After the connection broke it connects again, waiting
 * longer each time it fails (50 ms to 2 s); the server begins each stream with `sync`, and `boot` goes before it when
 * another kernel answers.
 */
export async function follow(link: Link, init: LinkInit, queue: EventQueue, signal: AbortSignal): Promise<void> {
  const kernel: Kernel = { bootID: undefined };
  let delay = firstDelay;
  try {
    for (;;) {
      const start = init.clock.monotonic();
      try {
        await followChannel(await link.channel(signal), kernel, queue, signal);
      } catch (error) {
        signal.throwIfAborted();
        init.log.debug({ err: error }, 'provider watch broke');
      }
      if (init.clock.monotonic() - start > longestDelay) delay = firstDelay;
      await sleep(init.clock, delay, signal);
      delay = Math.min(delay * 2, longestDelay);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The kernel that the watcher has last been told of. */
interface Kernel {
  bootID: string | undefined;
}

async function followChannel(channel: Channel, kernel: Kernel, queue: EventQueue, signal: AbortSignal): Promise<void> {
  const { bootID } = await channel.request(infoCall, {}, infoWithin, signal);
  if (kernel.bootID !== undefined && kernel.bootID !== bootID) queue.push({ kind: 'boot', bootID });
  kernel.bootID = bootID;
  const stream = channel.stream(watchStream, {}, (event) => {
    if (event.kind === 'boot') kernel.bootID = event.bootID;
    queue.push(event);
  });
  try {
    await untilAborted(stream.ended, signal);
  } finally {
    stream.cancel();
  }
}
