/** The words of an apply conflict. */
import type { StatusCause } from '../status.ts';
import { goQuote } from '../schema/go-format.ts';
import { identityKey, type ManagerIdentity } from './managed.ts';
import { describePath } from './path-element.ts';
import type { Conflict } from './updater.ts';

/** `"kubectl" with subresource "status" using v1`; an applier is named without version. */
function describeManager({ manager, operation, apiVersion, subresource }: ManagerIdentity): string {
  const name = subresource === '' ? goQuote(manager) : `${goQuote(manager)} with subresource ${goQuote(subresource)}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}

/** One cause a conflict. */
export function conflictCauses(conflicts: readonly Conflict[]): StatusCause[] {
  return conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${describeManager(manager)}`,
    field: describePath(path),
  }));
}

/** The message of the Status: one line for one conflict, else a list grouped by manager. */
export function conflictMessage(conflicts: readonly Conflict[]): string {
  const [only] = conflicts;
  if (only !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${describeManager(only.manager)}: ${describePath(only.path)}`;
  }
  const byManager = Map.groupBy(conflicts, ({ manager }) => identityKey(manager));
  const lines = [...byManager].flatMap(([, group]) => [
    `conflicts with ${group[0] === undefined ? '' : describeManager(group[0].manager)}:`,
    ...group.map(({ path }) => `- ${describePath(path)}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}
