/**
 * Takes every step, whatever the others throw.
 * @throws what a step has thrown; an AggregateError when several have
 */
export function takeAll(...steps: readonly (() => void)[]): void {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 1) throw new AggregateError(errors, 'several steps failed');
  if (errors.length > 0) throw errors[0];
}
