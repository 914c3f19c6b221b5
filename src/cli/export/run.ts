import { connectCluster } from '../cluster.ts';
import type { CliContext } from '../context.ts';
import { disposable } from '../disposable.ts';
import { writeFiles } from './files.ts';
import { exportFormats } from './format.ts';
import { planExport } from './plan.ts';
import { readCluster, readFiles, type ExportSource } from './read.ts';
import { ownKubeconfig } from '../own-kubeconfig.ts';
import { UsageError } from '../usage-error.ts';

export interface ExportOptions {
  readonly format: keyof typeof exportFormats;
  /** Only devices of these names; all, if there are none. */
  readonly names: readonly string[];
  /** YAML files to read instead of the API server. */
  readonly filename: readonly string[];
  readonly namespace: string;
  readonly allNamespaces: boolean;
  readonly node: string | undefined;
  readonly output: string | undefined;
  readonly force: boolean;
  readonly kubeconfig: string | undefined;
  readonly dataDir: string;
}

/** How long the API server may take to answer, ms. */
const patience = 30_000;

async function readSource(context: CliContext, options: ExportOptions): Promise<ExportSource> {
  if (options.filename.length > 0) return readFiles(options.filename);
  const kubeconfig = options.kubeconfig ?? ownKubeconfig(context, options.dataDir);
  await using client = disposable(connectCluster(context, kubeconfig, 'cli'));
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(patience)]);
  return await readCluster(client.value, options.allNamespaces ? undefined : options.namespace, signal);
}

/** Writes definitions of MdevDevices for another program. @throws UsageError when some were refused, after the rest is written */
export async function runExport(context: CliContext, options: ExportOptions): Promise<void> {
  const { names, output } = options;
  const source = await readSource(context, options);
  const missing = names.find((name) => !source.devices.some(({ metadata }) => metadata.name === name));
  if (missing !== undefined) throw new UsageError(`there is no mdevdevice ${missing} here`);
  const devices = names.length === 0 ? source.devices : source.devices.filter(({ metadata }) => names.includes(metadata.name));
  const format = exportFormats[options.format];
  const { files, refusals, notes, nodes } = planExport({ devices, kernelNames: source.kernelNames, format, node: options.node });
  const [first, ...others] = files;

  if (first === undefined) {
    if (refusals.length > 0) throw new UsageError(refusals.join('; '));
    context.note('there is no device to export');
    return;
  }
  if (output === undefined) {
    if (others.length > 0) throw new UsageError(`${files.length} devices: name one, or give a folder for their files with --output`);
    context.print(first.text);
  } else {
    if (nodes.length > 1) throw new UsageError(`these are devices of the nodes ${nodes.join(', ')}: export those of one with --node`);
    const changed = await writeFiles(output, files, options.force);
    context.note(
      `${changed.length} of ${files.length} files written below ${output}${changed.length < files.length ? '; the others are there already' : ''}`,
    );
  }
  for (const note of [...notes, ...refusals.map((refusal) => `refused: ${refusal}`)]) context.note(note);
  if (refusals.length > 0)
    throw new UsageError(`${refusals.length} of ${files.length + refusals.length} devices cannot be exported (see above)`);
}
