import type { MdevProvider } from '../provider/contract.ts';
import type { PinSample } from './metrics.ts';
import type { RecordStore } from './record/record-store.ts';

/** What every device that is open has pinned now, asked of the kernel in two questions. @throws ProviderError */
export async function readPinSamples(
  provider: Pick<MdevProvider, 'listUses' | 'listDevices'>,
  records: Pick<RecordStore, 'get'>,
  signal: AbortSignal,
): Promise<PinSample[]> {
  const uses = await provider.listUses(signal);
  if (uses.length === 0) return [];
  const parents = new Map((await provider.listDevices(signal)).map(({ id, parent }) => [id, parent]));
  return uses.flatMap(({ id, known, pinned }) => {
    if (pinned === undefined) return [];
    const { namespace = '', name = '' } = records.get(id)?.object ?? {};
    const { pages, lockedBytes, limitBytes } = pinned;
    return [{ uuid: id, parent: parents.get(id) ?? '', namespace, name, pid: known[0]?.pid ?? 0, pages, lockedBytes, limitBytes }];
  });
}
