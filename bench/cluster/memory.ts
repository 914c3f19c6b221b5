import { bound, type BenchResult } from '../result.ts';

/** Resident memory with so many devices in the cluster, after a collection, KiB. */
export interface Residents {
  readonly devices: number;
  readonly controller: number;
  readonly agent: number;
}

/** `cluster.memory`: of the controller, which holds all objects, and of one agent, which holds those of its node. */
export function memory(looks: readonly Residents[]): readonly BenchResult[] {
  const goals = { controller: 512, agent: 256 } as const;
  return looks.flatMap(({ devices, ...resident }) =>
    (['controller', 'agent'] as const).map((who) => bound(`cluster.memory.${who}.${devices}`, resident[who] / 1024, 'MiB', goals[who])),
  );
}
