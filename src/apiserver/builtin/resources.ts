/** Every resource that is served without a CRD. */
import { crdResource } from './crd.ts';
import { coreEventResource, eventsEventResource } from './event.ts';
import { leaseResource } from './lease.ts';
import { namespaceResource } from './namespace.ts';
import { nodeResource } from './node.ts';
import type { BuiltinResource } from './resource.ts';

/** In the order in which discovery lists them within their group. */
export const builtinResources: readonly BuiltinResource[] = [
  coreEventResource,
  namespaceResource,
  nodeResource,
  crdResource,
  leaseResource,
  eventsEventResource,
];
