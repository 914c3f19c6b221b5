/** Warnings about finalizers that other writers could claim by accident. */
import { goQuote } from '../schema/go-format.ts';
import type { ObjectMeta } from '../object.ts';

const standard: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** One warning for each finalizer without a domain and path. */
export function finalizerWarnings(metadata: ObjectMeta): string[] {
  return (metadata.finalizers ?? [])
    .filter((finalizer) => !finalizer.includes('/') && !standard.has(finalizer))
    .map(
      (finalizer) =>
        `metadata.finalizers: ${goQuote(finalizer)}: prefer a domain-qualified finalizer name including a path (/) to avoid accidental ` +
        'conflicts with other finalizer writers',
    );
}
