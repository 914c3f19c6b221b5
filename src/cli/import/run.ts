import { existsSync } from 'node:fs';
import { listOwned, type Owned } from '../../agent/admin.ts';
import { mdevDeviceSchema } from '../../api/mdev-device.ts';
import { ProviderError, type Device, type MdevProvider } from '../../provider/contract.ts';
import type { CliContext } from '../context.ts';
import { dataDirPaths, inDataDir } from '../data-dir.ts';
import { disposable } from '../disposable.ts';
import type { Options } from '../flags.ts';
import { readDefinitions, type FoundDefinitions } from './files.ts';
import { planImport, type ImportedDevice } from './plan.ts';
import { importedObject, importedYAML, type Target } from './yaml.ts';
import { openProvider } from '../provider.ts';
import { UsageError } from '../usage-error.ts';

export interface ImportOptions extends Options<'dataDir' | 'nodeName' | 'provider' | 'emulator' | 'logLevel' | 'mdevctl'> {
  readonly namespace: string;
  readonly includeManual: boolean;
  readonly definitionsOnly: boolean;
}

/** How long the kernel may take to answer, ms. */
const patience = 30_000;
const nothingDefined: FoundDefinitions = { definitions: [], refusals: [], unusable: new Set(), notes: [] };

/** The owners of our devices as `planImport` names them. */
function ownersOf(owned: readonly Owned[]): Map<string, string> {
  return new Map(
    owned.map((entry) => {
      if (!('record' in entry)) return [entry.uuid.toLowerCase(), `its record ${entry.unreadable} cannot be read`];
      const { namespace, name } = entry.record.object;
      return [entry.uuid.toLowerCase(), `MdevDevice ${namespace}/${name}`];
    }),
  );
}

async function listLive(provider: MdevProvider, signal: AbortSignal): Promise<readonly Device[]> {
  try {
    return await provider.listDevices(AbortSignal.any([signal, AbortSignal.timeout(patience)]));
  } catch (cause) {
    if (signal.aborted || !(cause instanceof ProviderError || (cause as Error).name === 'TimeoutError')) throw cause;
    throw new UsageError(`Cannot read the devices of this node: ${(cause as Error).message}`, { cause });
  }
}

async function readLive(context: CliContext, options: ImportOptions): Promise<readonly Device[]> {
  const socket = options.emulator ?? (options.provider === 'emulated' ? dataDirPaths(options.dataDir).emulatorSocket : undefined);
  await using provider = disposable(openProvider(context, options.provider, socket, context.logger(options.logLevel ?? 'silent')));
  return await listLive(provider.value, context.signal);
}

/** Parts the devices from those that no MdevDevice can stand for, with a line for each of these. */
function checkObjects(devices: readonly ImportedDevice[], target: Target): { good: ImportedDevice[]; refusals: string[] } {
  const refusals: string[] = [];
  const good = devices.filter((device) => {
    const parsed = mdevDeviceSchema.safeParse(importedObject(device, target));
    const [issue] = parsed.error?.issues ?? [];
    if (issue !== undefined) refusals.push(`${device.parent}/${device.uuid}: ${issue.path.join('.')}: ${issue.message}`);
    return issue === undefined;
  });
  return { good, refusals };
}

/** Prints the node's devices that are not ours as MdevDevices. @throws UsageError when something was refused, after the rest is printed */
export async function runImport(context: CliContext, options: ImportOptions): Promise<void> {
  const found = options.mdevctl === undefined ? nothingDefined : await readDefinitions(options.mdevctl);
  const live = options.definitionsOnly ? [] : await readLive(context, options);
  const records = dataDirPaths(options.dataDir).agent;
  const owners = ownersOf(await inDataDir(options.dataDir, () => listOwned(records)));
  const plan = planImport({ live, definitions: found.definitions, unusable: found.unusable, owners }, options.includeManual);
  const { good, refusals } = checkObjects(plan.devices, options);
  if (good.length > 0) context.print(importedYAML(good, options));

  const refused = [...found.refusals, ...refusals];
  const notes = [...found.notes, ...plan.notes, ...refused.map((line) => `refused: ${line}`)];
  if (!existsSync(records)) notes.push(`no agent has kept records in ${records} (--data-dir), so no device counts as ours`);
  notes.push(...advice(good, options));
  for (const note of notes) context.note(note);
  if (refused.length > 0)
    throw new UsageError(`${refused.length} of what was found cannot be an MdevDevice (see above); everything else is printed`);
}

/** What to do about the devices that are printed. */
function advice(devices: readonly ImportedDevice[], { namespace }: Target): string[] {
  if (devices.length === 0) return ['there is nothing to import'];
  const adopted = devices.filter(({ adopt, withheld }) => adopt && !withheld);
  const bare = adopted.filter(({ attributes }) => attributes.length === 0).length;
  return [
    ...(bare > 0
      ? [
          `no definition says which attributes ${bare} live ${bare === 1 ? 'device was' : 'devices were'} given: before applying, add to spec.attributes what must be written again after a reboot`,
        ]
      : []),
    ...(adopted.length > 0 ? [`devices are adopted where agent and controller were started with --adopt-namespace ${namespace}`] : []),
  ];
}
