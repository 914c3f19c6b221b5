import type { AllocatedReason } from '../api/reasons.ts';
import { refusalText, type Refusal } from './eligibility.ts';

/** Why a device has no place: for programs and for people. */
export interface WhyNot {
  readonly reason: AllocatedReason;
  readonly message: string;
}

/** The last kind that occurs names the reason: it says the most about what is missing. */
const order: readonly (readonly [Refusal['kind'], AllocatedReason, string])[] = [
  ['NotMatching', 'NoMatchingParent', 'Check nodeName, nodeSelector and parent, or wait for a parent to come.'],
  ['Absent', 'NoMatchingParent', 'It is placed when a parent comes back.'],
  ['NoSuchType', 'NoSuchType', 'See the types with: kubectl get mdevparents.'],
  ['NotInClass', 'NotAllowedByClass', 'Name another class, or have the class or the labels of a parent changed.'],
  ['NodeLost', 'NodeLost', 'It is placed when the agent of a lost node is heard again, or another parent comes.'],
  ['Unschedulable', 'Unschedulable', 'It is placed when a parent takes devices again.'],
  ['Avoided', 'Withdrawn', 'They are tried again soon.'],
  ['NoCapacity', 'NoCapacity', 'It is placed when a device there is deleted or a parent is added.'],
];

/** "3 parents: 2 have no nvidia-11 left, 1 is unschedulable. ..." from the refusals of all parents. */
export function summarize(refusals: readonly Refusal[]): WhyNot {
  if (refusals.length === 0) {
    return { reason: 'NoMatchingParent', message: 'There is no MdevParent yet. Is an agent running on a node that has one?' };
  }
  const counts = new Map<string, { refusal: Refusal; count: number }>();
  for (const refusal of refusals) {
    const entry = counts.get(refusal.many);
    if (entry === undefined) counts.set(refusal.many, { refusal, count: 1 });
    else entry.count += 1;
  }
  const rank = (kind: Refusal['kind']): number => order.findIndex(([of]) => of === kind);
  const parts = [...counts.values()].sort(
    (a, b) => rank(b.refusal.kind) - rank(a.refusal.kind) || (a.refusal.many < b.refusal.many ? -1 : 1),
  );
  const [, reason, hint] = order[rank(parts[0]?.refusal.kind ?? 'NotMatching')] ?? ['', 'NoMatchingParent' as const, ''];
  const list = parts.map(({ refusal, count }) => `${count} ${count === 1 ? refusalText(refusal) : refusal.many}`);
  if (refusals.length === 1) return { reason, message: `The only parent ${list.join('').replace(/^1 /, '')}. ${hint}` };
  return { reason, message: `${refusals.length} parents: ${list.join(', ')}. ${hint}` };
}
