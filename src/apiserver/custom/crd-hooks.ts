/** What writing a CustomResourceDefinition does beyond its schema: defaults, its rules, its status, its finalizer. */
import type { Hooks } from '../api.ts';
import type { Clock } from '../../lib/clock.ts';
import { childObject, type KubeObject } from '../object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { parseEntry } from '../store/entry.ts';
import { setCondition } from './crd-status.ts';

/** The storage name of CRDs. */
export const crdStorage = 'customresourcedefinitions.apiextensions.k8s.io';
/** Held by a CRD until its objects are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** The hooks of CRDs. */
export function crdHooks(clock: Clock): Hooks {
  return {
    complete(crd) {
      // A new one has accepted no names yet; the CRD controller sees to that.
      const status = childObject(crd, 'status');
      crd['status'] = { acceptedNames: { kind: '', plural: '' }, conditions: null, ...status };
    },
    prepareDelete(crd) {
      const finalizers = crd.metadata.finalizers ?? [];
      if (crd.metadata.deletionTimestamp === undefined && !finalizers.includes(cleanupFinalizer)) {
        crd.metadata.finalizers = [...finalizers, cleanupFinalizer];
      }
      setCondition(
        crd,
        'Terminating',
        true,
        'InstanceDeletionPending',
        'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
        clock.now(),
      );
      return true;
    },
  };
}

/** Every CRD but this one, newest state. */
export function otherCrds(store: ObjectStore, crd: KubeObject): KubeObject[] {
  return [...store.collection(crdStorage).all()].filter((entry) => entry.name !== crd.metadata.name).map(parseEntry);
}
