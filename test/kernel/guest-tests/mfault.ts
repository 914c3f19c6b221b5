import { readFileSync, writeFileSync } from 'node:fs';
import { errnoNumbers, type Errno } from '../../../src/lib/errno.ts';

/** What the driver of parent mfault can be told about: see drivers/mfault.c. */
export type Operation = 'create' | 'attribute' | 'remove';

const parameter = (operation: Operation): string => `/sys/module/mfault/parameters/${operation}`;

/** From now on the driver does that when it is asked for the operation; what hangs in it goes on, and does it too. `done`: it succeeds. */
export function setOutcome(operation: Operation, outcome: Errno | 'hang' | 'done'): void {
  const value = outcome === 'done' ? '0' : outcome === 'hang' ? outcome : String(errnoNumbers[outcome]);
  writeFileSync(parameter(operation), value);
}

export function outcomeOf(operation: Operation): string {
  return readFileSync(parameter(operation), 'utf8').trim();
}

/** The driver does all that it is asked for again. */
export function healAll(): void {
  for (const operation of ['create', 'attribute', 'remove'] as const) setOutcome(operation, 'done');
}
