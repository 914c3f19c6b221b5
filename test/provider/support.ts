import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Errno } from '../../src/lib/errno.ts';
import { ProviderError, type MdevProvider, type ProviderEvent, type ProviderStep } from '../../src/provider/contract.ts';
import type { Ability, Fixture, KnownParent, Subject } from './fixture.ts';

/** A signal that never aborts. */
export const patient: AbortSignal = new AbortController().signal;

/** The subject as far as one of its parents goes. */
export function on(subject: Subject, known: KnownParent): Subject {
  return { ...subject, lacks: { ...subject.lacks, ...known.lacks } };
}

/** A test of the contract on a fixture of its own; skipped, with the reason in its name, where the subject lacks what it needs. */
export function contractTest(
  subject: Subject,
  needs: readonly Ability[],
  sentence: string,
  body: (fixture: Fixture) => Promise<void>,
): void {
  const reasons = needs.flatMap((need) => subject.lacks[need] ?? []);
  if (reasons.length > 0) {
    it.skip(`${sentence} [skipped: ${reasons.join('; ')}]`, () => undefined);
    return;
  }
  it(sentence, async () => {
    await using fixture = await subject.open();
    await body(fixture);
  });
}

/** The subject's parents that `suits` takes; with none, one skipped test says so. */
export function parentsWith(subject: Subject, what: string, suits: (parent: KnownParent) => boolean): KnownParent[] {
  const parents = subject.parents.filter(suits);
  if (parents.length === 0) it.skip(`${what} [skipped: no parent of this kernel has it]`, () => undefined);
  return parents;
}

/** The error with which `promise` fails: errno and step. */
export async function refusal(promise: Promise<unknown>): Promise<{ code: Errno; step: ProviderStep }> {
  const [outcome] = await Promise.allSettled([promise]);
  if (outcome.status === 'fulfilled') throw new Error('It was not refused');
  expect(outcome.reason).toBeInstanceOf(ProviderError);
  const { code, step } = outcome.reason as ProviderError;
  return { code, step };
}

/** Everything a provider shows, to be compared before and after. */
export async function everything(provider: MdevProvider): Promise<unknown> {
  return { parents: await provider.listParents(patient), devices: await provider.listDevices(patient) };
}

/** Type id to the number of devices that can still be made. */
export async function counts(provider: MdevProvider, parent: string): Promise<Record<string, number>> {
  const { types } = await provider.getParent(parent, patient);
  return Object.fromEntries(types.map(({ id, availableInstances }) => [id, availableInstances]));
}

/** How long an answer that suits is waited for, ms of real time: a machine that others use may stall for seconds. */
const patience = 10_000;

/** Asks again, letting other work go on between, until the answer suits. @throws Error with the last answer when patience ends */
export async function until<T>(ask: () => Promise<T>, suits: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (suits(answer)) return answer;
    if (performance.now() > end) throw new Error(`Still ${JSON.stringify(answer)} after ${patience} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Makes a device with a fresh id, and answers the id. */
export async function make(provider: MdevProvider, parent: KnownParent, typeID = parent.typeID): Promise<string> {
  const id = randomUUID();
  await provider.create({ id, parent: parent.name, typeID }, patient);
  return id;
}

/** A watch whose events a test takes one by one. */
export class Watcher implements AsyncDisposable {
  readonly #abort = new AbortController();
  readonly #events: AsyncIterator<ProviderEvent>;

  constructor(provider: MdevProvider) {
    this.#events = provider.watch(this.#abort.signal)[Symbol.asyncIterator]();
  }

  async next(): Promise<ProviderEvent> {
    const next = await this.#events.next();
    if (next.done === true) throw new Error('The watch ended');
    return next.value;
  }

  /** The first event that suits; those before it are passed over. */
  async find(suits: (event: ProviderEvent) => boolean): Promise<ProviderEvent> {
    for (;;) {
      const event = await this.next();
      if (suits(event)) return event;
    }
  }

  /** Waits for an event that tells of the device. */
  async device(id: string): Promise<ProviderEvent> {
    return this.find((event) => event.kind === 'device' && event.id === id);
  }

  async parent(name: string): Promise<ProviderEvent> {
    return this.find((event) => event.kind === 'parent' && event.parent === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#events.return?.();
  }
}

/** A watch that has begun: its first `sync` is taken. */
export async function watching(provider: MdevProvider): Promise<Watcher> {
  const watcher = new Watcher(provider);
  expect(await watcher.next()).toEqual({ kind: 'sync' });
  return watcher;
}
