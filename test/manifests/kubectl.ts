/** Sends cases of the corpus to an API server with the stock kubectl, all in one run. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubectl } from '../support/kubectl.ts';
import type { ManifestCase } from './case.ts';
import { bodyOf, nameOf, namespace } from './send.ts';

/** What became of one file given to `kubectl create`. */
export interface Creation {
  readonly created: boolean;
  /** The error that names the file; empty when there is none. */
  readonly refusal: string;
}

/** Creates all cases, which must be creations, with one run of kubectl, each from a file of its own in `folder`. */
export async function createWithKubectl(
  kubeconfig: string,
  folder: string,
  cases: readonly ManifestCase[],
): Promise<Map<ManifestCase, Creation>> {
  await mkdir(folder, { recursive: true });
  const files = new Map(cases.map((entry) => [entry, join(folder, `${nameOf(entry)}.json`)]));
  for (const [entry, file] of files) await writeFile(file, bodyOf(entry));
  const run = await kubectl(kubeconfig, ['create', '--namespace', namespace, '--filename', folder]);
  const created = run.stdout.split('\n').filter((line) => line.endsWith(' created'));
  // Each refusal begins on a line of its own, but may go on over several.
  const refusals = run.stderr.split(/\n(?=Error from server|error: |The |Warning: )/);
  return new Map(
    [...files].map(([entry, file]) => {
      const name = objectName(entry);
      const isCreated = created.some((line) => line.startsWith(`mdev`) && line.includes(`.mediated.dev/${name}`));
      return [entry, { created: isCreated, refusal: refusals.find((text) => text.includes(file)) ?? '' }];
    }),
  );
}

// How kubectl's line goes on behind "mdevdevice.mediated.dev/".
function objectName(entry: ManifestCase): string {
  const { metadata } = JSON.parse(bodyOf(entry)) as { metadata: { name?: string; generateName?: string } };
  return metadata.name === undefined ? (metadata.generateName ?? '') : `${metadata.name} `;
}
