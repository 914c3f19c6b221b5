import { columns } from '../lib/table.ts';
import { plain, type Paint } from './paint.ts';
import type { DeviceLeaf, Tree } from './tree.ts';
import type { TypeEntry } from './types.ts';
import type { Explanation } from './why.ts';

/** An Event about a device. */
export interface SeenEvent {
  readonly reason: string;
  readonly message: string;
  readonly times: number;
}

const noParents = 'There is no MdevParent. Does an agent run on a node that has a parent?';

/** `kubectl mdev types` for people, as lines. */
export function typesText(entries: readonly TypeEntry[], paint: Paint = plain): string[] {
  if (entries.length === 0) return ['No MdevParent offers a type. Does an agent run on a node that has a parent?'];
  const rows = entries.map(({ nodeName, parent, typeID, typeName = '', remaining, instances, reason = '' }) => [
    nodeName,
    parent,
    typeID,
    typeName,
    String(remaining),
    String(instances),
    reason,
  ]);
  const [header = '', ...lines] = columns(['NODE', 'PARENT', 'TYPE', 'NAME', 'REMAINING', 'INSTANCES', 'REASON'], rows);
  return [paint('quiet', header), ...lines.map((line, index) => ((entries[index]?.remaining ?? 0) > 0 ? line : paint('quiet', line)))];
}

/** `kubectl mdev tree` for people, as lines. */
export function treeText({ nodes, waiting }: Tree): string[] {
  const lines = nodes.flatMap(({ nodeName, parents }) => [
    nodeName,
    ...parents.flatMap(({ parent, types, devices }) => [
      `  ${parent}`,
      ...types.map(({ typeID, typeName, remaining, instances, reason }) => {
        const name = typeName === undefined || typeName === typeID ? '' : ` (${typeName})`;
        return `    ${typeID}${name}: ${remaining} remaining, ${instances} there${reason === undefined ? '' : `; ${reason}`}`;
      }),
      ...devices.flatMap((device) => [
        `    ${device.uuid}  ${deviceText(device)}`,
        ...device.users.map((user) => `      ${userText(user)}`),
      ]),
    ]),
  ]);
  if (nodes.length === 0) lines.push(noParents);
  if (waiting.length > 0) lines.push('not on any parent');
  for (const { namespace, name, nodeName } of waiting)
    lines.push(`  ${namespace}/${name}${nodeName === undefined ? '' : `, to be made on ${nodeName}`}`);
  return lines;
}

function deviceText({ typeID, owner, orphaned }: DeviceLeaf): string {
  if (owner === undefined) return `${typeID}  foreign`;
  return `${typeID}  ${owner.namespace}/${owner.name}${orphaned === true ? ', which is gone' : ''}`;
}

function userText({ pid, comm, pod, vm }: DeviceLeaf['users'][number]): string {
  return [`used by ${comm} (pid ${pid})`, pod === undefined ? '' : `pod ${pod}`, vm === undefined ? '' : `VM ${vm}`]
    .filter((part) => part !== '')
    .join(', ');
}

/** `kubectl mdev why` for people, as lines; `events`: the newest last. */
export function whyText(
  { namespace, name, ready, place, steps, parents }: Explanation,
  events: readonly SeenEvent[],
  paint: Paint = plain,
): string[] {
  const where = place === undefined ? '' : `: ${place.typeID} on ${place.parentName} of node ${place.nodeName}`;
  const lines = [paint(ready ? 'good' : 'bad', `${namespace}/${name} is ${ready ? '' : 'not '}ready${where}.`)];
  if (steps.length === 0) lines.push('No controller has said anything about it yet. Does one run? See: kubectl get pods -n mdev-system');
  for (const { type, status, reason, message, outdated, advice } of steps) {
    lines.push(`${type} is ${status} (${reason})${outdated ? ', as of an older spec' : ''}: ${message}`);
    if (advice !== undefined) lines.push(`  To do: ${advice}`);
  }
  if (place === undefined && parents.length === 0) lines.push(noParents);
  for (const { nodeName, parent, refusal } of parents) lines.push(`${nodeName}/${parent} ${refusal ?? 'would take it'}.`);
  for (const { reason, message, times } of events) lines.push(`Event ${reason}${times > 1 ? ` (${times} times)` : ''}: ${message}`);
  return lines;
}
