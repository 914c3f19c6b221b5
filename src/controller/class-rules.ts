import { matchesSelector } from '../api/label-selector.ts';
import type { ClassSpec, MdevClass } from '../api/mdev-class.ts';
import type { DeviceSpec } from '../api/mdev-device.ts';
import { matchesGlob } from '../lib/glob.ts';
import type { WhyNot } from './why-not.ts';

/** What a class looks at of a namespace. */
export interface NamespaceFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What a class does not allow: the thing that is asked for, with its field, and what may be asked for instead. */
interface Objection {
  readonly refused: string;
  readonly instead: string;
}

/** How many things a sentence lists, and how much of each it shows. */
const listed = 16;
const shown = 64;

function cut(text: string): string {
  return text.length <= shown ? text : `${text.slice(0, shown)}...`;
}

function allowing(things: readonly string[]): string {
  if (things.length === 0) return 'It allows none.';
  return `It allows: ${things.slice(0, listed).map(cut).join(', ')}${things.length > listed ? ', ...' : ''}.`;
}

function fitsAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, text));
}

function checkNamespace(_: DeviceSpec, { name, labels }: NamespaceFacts, { namespaces }: ClassSpec): Objection | undefined {
  if (namespaces === undefined) return undefined;
  const { names, selector } = namespaces;
  if (names === undefined ? matchesSelector(selector, labels) : fitsAny(names, name)) return undefined;
  const instead = names === undefined ? 'It allows those whose labels spec.namespaces.selector of the class selects.' : allowing(names);
  return { refused: `namespace ${name}`, instead };
}

/** Only what no parent can change: whether a type by name has an allowed id, or the reverse, each parent tells. */
function checkType({ type }: DeviceSpec, _: NamespaceFacts, { types }: ClassSpec): Objection | undefined {
  if (types === undefined) return undefined;
  const mayFit = types.some((allowed) => {
    if ((allowed.id === undefined) !== (type.id === undefined)) return true;
    return matchesGlob(allowed.id ?? allowed.name ?? '', type.id ?? type.name ?? '');
  });
  if (mayFit) return undefined;
  return {
    refused: `type ${cut(type.id ?? type.name ?? '')} (spec.type)`,
    instead: allowing(types.map(({ id, name }) => id ?? name ?? '')),
  };
}

function checkAttributeNames(spec: DeviceSpec, _: NamespaceFacts, { attributes }: ClassSpec): Objection | undefined {
  if (attributes === undefined) return undefined;
  const names = attributes.map((allowed) => allowed.name);
  const refused = spec.attributes?.find(({ name }) => !fitsAny(names, name));
  return refused && { refused: `attribute ${cut(refused.name)} (spec.attributes)`, instead: allowing(names) };
}

function checkAttributeValues(spec: DeviceSpec, _: NamespaceFacts, { attributes }: ClassSpec): Objection | undefined {
  if (attributes === undefined) return undefined;
  for (const { name, value } of spec.attributes ?? []) {
    const named = attributes.filter((allowed) => matchesGlob(allowed.name, name));
    if (named.some(({ values }) => values === undefined || fitsAny(values, value))) continue;
    const instead = allowing(named.flatMap(({ values }) => values ?? []));
    return { refused: `value ${cut(value)} of attribute ${cut(name)} (spec.attributes)`, instead };
  }
  return undefined;
}

function checkParams(spec: DeviceSpec, _: NamespaceFacts, { params }: ClassSpec): Objection | undefined {
  if (params === undefined || spec.params === undefined || fitsAny(params, spec.params)) return undefined;
  return { refused: `params ${cut(spec.params)} (spec.params)`, instead: allowing(params) };
}

function checkUUID({ uuid, adopt }: DeviceSpec, _: NamespaceFacts, { allowPinnedUUID }: ClassSpec): Objection | undefined {
  if (allowPinnedUUID || uuid === undefined || adopt) return undefined;
  return { refused: 'choosing the UUID (spec.uuid)', instead: 'Leave it out.' };
}

function checkAdopt({ adopt }: DeviceSpec, _: NamespaceFacts, { allowAdopt }: ClassSpec): Objection | undefined {
  if (allowAdopt || !adopt) return undefined;
  return { refused: 'taking over a device (spec.adopt)', instead: 'Leave the device to whoever made it, or have the class changed.' };
}

const checks = [checkNamespace, checkType, checkAttributeNames, checkAttributeValues, checkParams, checkUUID, checkAdopt];

/**
 * Why the class does not allow a device with this spec in this namespace, on whatever parent, or undefined. The policy in
 * deploy/base/class-policy.yaml says the same in CEL.
 */
export function refuseByClass(spec: DeviceSpec, namespace: NamespaceFacts, mdevClass: MdevClass): WhyNot | undefined {
  for (const check of checks) {
    const objection = check(spec, namespace, mdevClass.spec);
    if (objection === undefined) continue;
    const who = `${spec.className === undefined ? 'The default class' : 'Class'} ${mdevClass.metadata.name}`;
    return { reason: 'NotAllowedByClass', message: `${who} does not allow ${objection.refused}. ${objection.instead}` };
  }
  return undefined;
}
