/** Resources that are only asked: nothing of them is stored. Who is authenticated here may do everything. */
import { formatTime } from '../meta/normalize-metadata.ts';
import { childObject, type Json, type JsonObject } from '../object.ts';
import { badRequest, invalid } from '../status.ts';
import { invalid as invalidField } from '../field-error.ts';

/** Who makes a request. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface VirtualResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: false;
  readonly verbs: readonly ['create'];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly [];
  /** The status that answers a posted object. @throws StatusError 400, 422 */
  review(spec: JsonObject | undefined, user: User): JsonObject;
}

const base = { version: 'v1', namespaced: false, verbs: ['create'], shortNames: [], categories: [], subresources: [] } as const;

/** What authorization.k8s.io and authentication.k8s.io answer here. */
export const virtualResources: readonly VirtualResource[] = [
  {
    ...base,
    group: 'authorization.k8s.io',
    kind: 'SelfSubjectAccessReview',
    plural: 'selfsubjectaccessreviews',
    singular: 'selfsubjectaccessreview',
    review(spec) {
      const resource = spec === undefined ? undefined : childObject(spec, 'resourceAttributes');
      const other = spec === undefined ? undefined : childObject(spec, 'nonResourceAttributes');
      if ((resource === undefined) === (other === undefined)) {
        throw invalid({ group: 'authorization.k8s.io', kind: 'SelfSubjectAccessReview' }, '', [
          invalidField('spec.resourceAttributes', null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'),
        ]);
      }
      return { allowed: true, reason: 'whoever is authenticated may do everything' };
    },
  },
  {
    ...base,
    group: 'authorization.k8s.io',
    kind: 'SelfSubjectRulesReview',
    plural: 'selfsubjectrulesreviews',
    singular: 'selfsubjectrulesreview',
    review: () => ({
      incomplete: false,
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    }),
  },
  {
    ...base,
    group: 'authentication.k8s.io',
    kind: 'SelfSubjectReview',
    plural: 'selfsubjectreviews',
    singular: 'selfsubjectreview',
    review: (_spec, user) => ({ userInfo: { username: user.name, groups: [...user.groups] } }),
  },
];

/** Answers a posted review. `now` is milliseconds since the epoch. @throws StatusError 400, 422 */
export function answerReview(resource: VirtualResource, body: Json, user: User, now: number): JsonObject {
  const apiVersion = `${resource.group}/${resource.version}`;
  const object = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  if (object['kind'] !== resource.kind || object['apiVersion'] !== apiVersion) {
    throw badRequest(`the body must be a ${resource.kind} of ${apiVersion}`);
  }
  const spec = childObject(object, 'spec');
  const status = resource.review(spec, user);
  return {
    kind: resource.kind,
    apiVersion,
    metadata: { creationTimestamp: formatTime(now) },
    ...(spec !== undefined && { spec }),
    status,
  };
}
