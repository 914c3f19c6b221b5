import { describe, expect, it } from 'vitest';
import type { ProviderEvent } from './contract.ts';
import { EventQueue } from './event-queue.ts';

const sync: ProviderEvent = { kind: 'sync' };
const boot: ProviderEvent = { kind: 'boot', bootID: 'b' };
const parent = (name: string): ProviderEvent => ({ kind: 'parent', parent: name });
const device = (id: string, of?: string): ProviderEvent => ({ kind: 'device', id, ...(of !== undefined && { parent: of }) });

/** What a watcher gets that was away while these were pushed. */
async function taken(...events: ProviderEvent[]): Promise<ProviderEvent[]> {
  const queue = new EventQueue();
  for (const event of events) queue.push(event);
  const abort = new AbortController();
  const drain = queue.drain(abort.signal);
  const got: ProviderEvent[] = [];
  const reading = (async () => {
    for await (const event of drain) got.push(event);
  })();
  await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  await reading;
  return got;
}

describe('events that wait', () => {
  it('keep their order', async () => {
    const events = [sync];
    expect(await taken(...events)).toEqual(events);
    const places = [device('a', 'p'), parent('p'), device('b', 'p')];
    expect(await taken(...places)).toEqual(places);
  });

  it('about one thing merge, and keep the parent once it is known', async () => {
    expect(await taken(device('a', 'p'), parent('p'), device('a'), parent('p'))).toEqual([device('a', 'p'), parent('p')]);
    expect(await taken(device('a'), device('a', 'p'))).toEqual([device('a', 'p')]);
  });

  it('are taken in by a sync, whether it comes before them or after', async () => {
    expect(await taken(device('a'), sync, device('b'), parent('p'), sync)).toEqual([sync]);
  });

  it('keep the sync behind a boot', async () => {
    expect(await taken(device('a'), boot, sync)).toEqual([boot, sync]);
    expect(await taken(sync, boot)).toEqual([boot, sync]);
    expect(await taken(boot, sync, { kind: 'boot', bootID: 'c' }, sync)).toEqual([{ kind: 'boot', bootID: 'c' }, sync]);
  });

  it('become one sync when there are too many', async () => {
    const many = Array.from({ length: 100_000 }, (_, index) => device(String(index)));
    expect(await taken(...many)).toEqual([sync]);
  });
});

describe('a watcher that waits', () => {
  it('gets what is pushed then, and what is pushed while it works on that', async () => {
    const queue = new EventQueue();
    const abort = new AbortController();
    const drain = queue.drain(abort.signal);
    const first = drain.next();
    queue.push(parent('p'));
    expect(await first).toEqual({ done: false, value: parent('p') });
    queue.push(parent('p'));
    expect(await drain.next()).toEqual({ done: false, value: parent('p') });
    const last = drain.next();
    abort.abort();
    expect(await last).toEqual({ done: true, value: undefined });
  });
});
