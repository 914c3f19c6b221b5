import { deviceSpecSchema } from '../api/mdev-device.ts';
import type { MdevParent, SupportedType } from '../api/mdev-parent.ts';
import { remaining } from '../controller/capacity.ts';
import { refuse } from '../controller/eligibility.ts';
import { compareNames } from './name-order.ts';
import type { Survey } from './survey.ts';

/** One type of one parent, as `kubectl mdev types` shows it. */
export interface TypeEntry {
  readonly nodeName: string;
  /** The kernel's name of the parent. */
  readonly parent: string;
  readonly typeID: string;
  readonly typeName?: string;
  /** How many more the controller would put there now; 0 where `reason` says why. */
  readonly remaining: number;
  /** How many exist. */
  readonly instances: number;
  readonly reason?: string;
}

/** What can still be made where; sorted by node, parent and type. */
export function typeEntries({ parents, ledger }: Pick<Survey, 'parents' | 'ledger'>): TypeEntry[] {
  return parents
    .flatMap((parent) => (parent.status?.supportedTypes ?? []).map((type) => typeEntry(ledger, parent, type)))
    .toSorted((a, b) => compareNames(a.nodeName, b.nodeName) || compareNames(a.parent, b.parent) || compareNames(a.typeID, b.typeID));
}

function typeEntry(ledger: Survey['ledger'], { metadata, spec }: MdevParent, type: SupportedType): TypeEntry {
  const candidate = ledger.candidate(metadata.name);
  const refused = candidate && refuse({ spec: deviceSpecSchema.parse({ type: { id: type.id } }) }, candidate);
  return {
    nodeName: spec.nodeName,
    parent: spec.parent,
    typeID: type.id,
    ...(type.name !== undefined && { typeName: type.name }),
    remaining: candidate === undefined || refused !== undefined ? 0 : remaining(candidate.model, candidate.pending, type.id),
    instances: type.instances,
    ...(refused !== undefined && { reason: refused.detail || `it ${refused.one}` }),
  };
}
