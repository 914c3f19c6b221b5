import { setTimeout as sleep } from 'node:timers/promises';
import { findCondition } from '../../../src/api/condition.ts';
import { unsettled } from '../at-rest.ts';
import { differences, type ClusterView } from '../invariants.ts';
import { readView } from '../view.ts';
import type { Intents } from './intents.ts';
import type { Site } from './site.ts';

/** How long everything may take to come to rest, ms: devices that could not be moved are tried again after a minute. */
const patience = 120_000;
/** How long nobody may write anything then, ms. */
const quiet = 3000;

function versions({ devices, parents }: ClusterView): Map<string, string | undefined> {
  return new Map([...devices, ...parents].map(({ metadata }) => [metadata.uid ?? '', metadata.resourceVersion]));
}

/** What was written between two looks though nothing was to be done. */
function restless(before: ClusterView, after: ClusterView): string[] {
  const earlier = versions(before);
  return [...after.devices, ...after.parents].flatMap(({ metadata }) =>
    earlier.get(metadata.uid ?? '') === metadata.resourceVersion ? [] : [`${metadata.name} was written though nothing was to be done`],
  );
}

export interface Rest {
  /** What is not as it must be. */
  readonly wrong: readonly string[];
  /** In a few words, what there is. */
  readonly summary: string;
}

function summaryOf({ devices, hosts }: ClusterView): string {
  const ready = devices.filter(({ status }) => findCondition(status?.conditions, 'Ready')?.status === 'True').length;
  const foreign = hosts.reduce((sum, host) => sum + host.foreign.size, 0);
  const all = hosts.reduce((sum, { state }) => sum + state.devices.length, 0);
  return `${devices.length} objects, ${ready} of them Ready, and ${all} devices on the hosts, ${foreign} of them foreign`;
}

/** Waits until every object is as wanted and every invariant holds, and nobody writes any more; or until patience ends. */
export async function settle(site: Site, intents: Intents): Promise<Rest> {
  const deadline = Date.now() + patience;
  let before: ClusterView | undefined;
  let summary = '';
  for (;;) {
    let wrong: string[];
    try {
      const hosts = await Promise.all(site.nodes.map((node) => node.host()));
      const view = await readView(site.client, hosts);
      summary = summaryOf(view);
      wrong = [...(await intents.insist(view.devices)), ...differences(view), ...unsettled(view)];
      if (wrong.length === 0 && before !== undefined) wrong = restless(before, view);
      if (wrong.length === 0 && before !== undefined) return { wrong, summary };
      before = wrong.length === 0 ? view : undefined;
    } catch (error) {
      before = undefined;
      wrong = [String(error)];
    }
    if (Date.now() > deadline) return { wrong, summary };
    await sleep(before === undefined ? 500 : quiet);
  }
}
