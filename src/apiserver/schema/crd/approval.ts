/** The groups of Kubernetes' own community need an approval noted on the CRD. */
import { invalid, required } from '../../field-error.ts';
import type { FieldError } from '../../field-error.ts';
import type { KubeObject } from '../../object.ts';
import { objectOf, textOf } from './read.ts';

const ANNOTATION = 'api-approved.kubernetes.io';
const SEE = 'see https://github.com/kubernetes/enhancements/pull/1111';

type Approval = 'missing' | 'bypassed' | 'approved' | 'invalid';

/** Refuses a CRD in a protected group without a valid approval, unless it was so before. */
export function checkApproval(crd: KubeObject, old: KubeObject | undefined): FieldError[] {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(textOf(objectOf(crd, 'spec'), 'group'))) return [];
  const state = approvalOf(crd);
  if (state === 'approved' || state === 'bypassed' || (old !== undefined && approvalOf(old) === state)) return [];
  const path = `metadata.annotations[${ANNOTATION}]`;
  if (state === 'missing') return [required(path, `protected groups must have approval annotation "${ANNOTATION}", ${SEE}`)];
  const detail = `protected groups must have approval annotation "${ANNOTATION}" with either a URL or a reason starting with "unapproved", ${SEE}`;
  return [invalid(path, crd.metadata.annotations?.[ANNOTATION] ?? '', detail)];
}

function approvalOf(crd: KubeObject): Approval {
  const annotation = crd.metadata.annotations?.[ANNOTATION] ?? '';
  if (annotation === '') return 'missing';
  if (annotation.startsWith('unapproved')) return 'bypassed';
  return URL.parse(annotation)?.host ? 'approved' : 'invalid';
}
