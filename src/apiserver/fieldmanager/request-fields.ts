/** Fields that never have a manager, and fields that a request may not write. */
import { emptySet, setOf, type FieldSet } from './field-set.ts';
import { fieldElement } from './path-element.ts';

const stripped = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
];

/** What the server keeps itself: nobody manages it. */
export function unmanagedFields(): FieldSet {
  const metadata = fieldElement('metadata');
  return setOf([fieldElement('apiVersion')], [fieldElement('kind')], [metadata], ...stripped.map((name) => [metadata, fieldElement(name)]));
}

/**
 * What the server puts back after a write through `subresource` ('' for the object itself): status on the object itself when
 * it has a subresource of its own, everything else on that subresource.
 */
export function resetFields(subresource: string, hasStatus: boolean, custom: boolean): FieldSet {
  if (subresource === 'status') return setOf([fieldElement('spec')], ...(custom ? [[fieldElement('metadata')]] : []));
  return hasStatus ? setOf([fieldElement('status')]) : emptySet;
}
