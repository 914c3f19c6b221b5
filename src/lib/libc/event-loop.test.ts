import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLibc, type Libc } from './libc.ts';
import { EventLoop, interest } from './event-loop.ts';

const one = new Uint8Array(new BigUint64Array([1n]).buffer);

let libc: Libc;
let loop: EventLoop;
let fds: number[];

beforeEach(() => {
  libc = openLibc();
  loop = new EventLoop(libc);
  fds = [];
});
afterEach(() => {
  loop[Symbol.dispose]();
  for (const fd of fds) libc.close(fd);
});

/** An event that stands for work that comes from outside. */
function event(signalled = false): number {
  const fd = libc.eventfd();
  fds.push(fd);
  if (signalled) libc.write(fd, one);
  return fd;
}

function take(fd: number): void {
  libc.read(fd, new Uint8Array(8));
}

describe('the loop of the I/O thread', () => {
  it('calls whoever waits for a file descriptor, once it is ready, until it is removed', async () => {
    const seen: string[] = [];
    const [first, second] = [event(true), event()];
    loop.add(first, interest.read, () => {
      take(first);
      seen.push('first');
      libc.write(second, one);
    });
    loop.add(second, interest.read, () => {
      seen.push('second');
      if (seen.length < 3) return;
      loop.remove(second);
      loop.soon(() => loop.stop());
    });
    await loop.run();
    expect(seen).toEqual(['first', 'second', 'second']);
  });

  it('does not call an earlier user of a file descriptor’s number', async () => {
    const seen: string[] = [];
    const [first, second] = [event(true), event(true)];
    loop.add(first, interest.read, () => {
      take(first);
      loop.remove(second);
      libc.close(second);
      const again = libc.eventfd();
      expect(again).toBe(second);
      loop.add(again, interest.read, () => seen.push('new'));
      loop.soon(() => loop.soon(() => loop.stop()));
    });
    loop.add(second, interest.read, () => seen.push('old'));
    await loop.run();
    expect(seen).not.toContain('new');
    expect(seen.length).toBeLessThan(2);
  });

  it('changes what is waited for', async () => {
    const fd = event(true);
    let calls = 0;
    loop.add(fd, interest.none, () => calls++);
    loop.soon(() => loop.soon(() => loop.change(fd, interest.read)));
    const limit = (): void => {
      if (calls === 0) loop.soon(limit);
      else loop.stop();
    };
    limit();
    await loop.run();
    expect(calls).toBe(1);
  });

  it('lets promises on, however many follow from one another, before it waits again', async () => {
    const seen: number[] = [];
    loop.start(
      async () => {
        for (let step = 0; step < 100; step++) {
          await Promise.resolve();
          seen.push(step);
        }
        loop.stop();
      },
      () => undefined,
    );
    // Nothing is ready, ever: a loop that waited before the hundredth step would wait for good.
    await loop.run();
    expect(seen).toHaveLength(100);
  });

  it('settles what is waited for from a handler, and gives each its turn', async () => {
    const fd = event(true);
    const answer = loop.deferred<string>();
    const order: string[] = [];
    loop.add(fd, interest.read, () => {
      take(fd);
      order.push('ready');
      answer.resolve('answer');
    });
    loop.start(
      async () => {
        order.push(await answer.promise);
        await loop.turn();
        order.push('turn');
        loop.stop();
      },
      () => undefined,
    );
    await loop.run();
    expect(order).toEqual(['ready', 'answer', 'turn']);
  });

  it('serves what is ready between the turns of long work', async () => {
    const fd = event(true);
    let served = 0;
    loop.add(fd, interest.read, () => served++);
    const turns: number[] = [];
    loop.start(
      async () => {
        for (let turn = 0; turn < 5; turn++) {
          await loop.turn();
          turns.push(served);
        }
        loop.stop();
      },
      () => undefined,
    );
    await loop.run();
    expect(turns.every((count, index) => index === 0 || count > (turns[index - 1] ?? 0))).toBe(true);
  });

  it('tells of work that fails, and fails itself when a handler does', async () => {
    const errors: unknown[] = [];
    loop.start(
      async () => Promise.reject(new Error('work')),
      (error) => {
        errors.push(error);
        loop.soon(() => {
          throw new Error('handler');
        });
        // What an error handler does has its turn, too.
        loop.start(
          async () => undefined,
          () => undefined,
        );
      },
    );
    const fd = event(true);
    loop.add(fd, interest.read, () => undefined);
    await expect(loop.run()).rejects.toThrow('handler');
    expect(errors).toMatchObject([{ message: 'work' }]);
  });
});
