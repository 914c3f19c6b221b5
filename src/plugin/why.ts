import { findCondition, type Condition } from '../api/condition.ts';
import type { MdevDevice } from '../api/mdev-device.ts';
import { adviceFor } from '../api/reason-advice.ts';
import { refusalText, refuse } from '../controller/eligibility.ts';
import { standingAllocation } from '../controller/world.ts';
import { compareNames } from './name-order.ts';
import type { Survey } from './survey.ts';

/** What is said about a device, from its allocation to what the kernel answered. */
export interface Explanation {
  readonly namespace: string;
  readonly name: string;
  readonly ready: boolean;
  /** Where it is, or is to be made. */
  readonly place?: { readonly nodeName: string; readonly parentName: string; readonly typeID: string };
  readonly steps: readonly Step[];
  /** Of a device without a place: what each parent says to it now. Classes are not asked; condition Allocated names theirs. */
  readonly parents: readonly ParentAnswer[];
}

/** A condition, with what a person does about it, in Markdown, if anything. */
export interface Step extends Pick<Condition, 'type' | 'status' | 'reason' | 'message'> {
  /** Decided from an older spec than the object has now. */
  readonly outdated: boolean;
  readonly advice?: string;
}

export interface ParentAnswer {
  readonly nodeName: string;
  readonly parent: string;
  /** Completes "the parent ..."; left out where it would take the device. */
  readonly refusal?: string;
}

/** Conditions in the order in which a device comes to be. */
const order = ['Allocated', 'Created', 'Online', 'InUse', 'Ready'];

/** Why `device` is as it is. */
export function why(device: MdevDevice, survey: Survey): Explanation {
  const { metadata, status } = device;
  const conditions = status?.conditions ?? [];
  const allocation = standingAllocation(device);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    ready: findCondition(conditions, 'Ready')?.status === 'True',
    ...(allocation !== undefined && {
      place: { nodeName: allocation.nodeName, parentName: allocation.parentName, typeID: allocation.typeID },
    }),
    steps: conditions
      .toSorted((a, b) => order.indexOf(a.type) - order.indexOf(b.type))
      .map(({ type, status: holds, reason, message, observedGeneration }) => {
        const advice = adviceFor(type, reason);
        const outdated = observedGeneration !== undefined && observedGeneration < (metadata.generation ?? 0);
        return { type, status: holds, reason, message, outdated, ...(advice !== undefined && { advice }) };
      }),
    parents: allocation === undefined ? answers(device, survey) : [],
  };
}

function answers({ spec }: MdevDevice, { ledger }: Survey): ParentAnswer[] {
  return ledger
    .candidates()
    .map((candidate) => {
      const refused = refuse({ spec }, candidate);
      const refusal = refused && refusalText(refused);
      const { nodeName, parent } = candidate.parent.spec;
      return { nodeName, parent, ...(refusal !== undefined && { refusal }) };
    })
    .toSorted((a, b) => compareNames(a.nodeName, b.nodeName) || compareNames(a.parent, b.parent));
}
