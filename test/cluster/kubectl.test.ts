import { readdir, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type EmbeddedServer, startEmbedded } from '../manifests/embedded.ts';
import { commands, type Said, typeAll } from './kubectl-session.ts';
import { sharedCluster } from './real-cluster.ts';

/** kubectl on the PATH, and the versions that lie beside it under names such as kubectl.1.27. */
async function kubectls(): Promise<string[]> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = await realpath(join(folder, 'kubectl')).catch(() => undefined);
    if (program === undefined) continue;
    const versions = (await readdir(dirname(program))).filter((name) => /^kubectl\.1\.\d+$/.test(name)).sort();
    const ends = [...new Set([versions[0], versions.at(-1)])].filter((name) => name !== undefined);
    return [program, ...ends.map((name) => join(dirname(program), name))];
  }
  throw new Error('There is no kubectl on the PATH');
}

let embedded: EmbeddedServer;
beforeAll(async () => {
  // Lists show what earlier files have left.
  const emptied = await sharedCluster(inject('realKubeconfig'));
  await emptied[Symbol.asyncDispose]();
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());

describe.each((await kubectls()).map((program) => ({ program })))('$program', ({ program }) => {
  let real: Said[];
  let ours: Said[];
  beforeAll(async () => {
    [real, ours] = (await Promise.all(
      [inject('realKubeconfig'), embedded.kubeconfig].map((kubeconfig) => typeAll(kubeconfig, program)),
    )) as [Said[], Said[]];
  });

  it.each(commands.map(({ args }, index) => ({ index, words: args.join(' ').slice(0, 100) })))('$index: $words', ({ index }) => {
    expect(ours[index]).toEqual(real[index]);
  });
});
