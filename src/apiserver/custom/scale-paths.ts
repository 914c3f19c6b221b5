/** Where a CRD says that the numbers of a Scale are in its objects. */
import { childObject, childText, type JsonObject } from '../object.ts';

/** Where the numbers are in an object. */
export interface ScalePaths {
  /** As the CRD has it, for messages. */
  readonly specReplicasPath: string;
  readonly spec: readonly string[];
  readonly statusReplicasPath: string;
  readonly status: readonly string[];
  readonly labelSelectorPath: string;
  readonly selector: readonly string[];
}

/** The paths that a CRD version gives; undefined if its objects cannot be scaled. */
export function scalePaths(version: JsonObject): ScalePaths | undefined {
  const scale = childObject(childObject(version, 'subresources') ?? {}, 'scale');
  if (scale === undefined) return undefined;
  const path = (name: string): string => childText(scale, name);
  const split = (name: string): string[] => (path(name) === '' ? [] : path(name).replace(/^\./, '').split('.'));
  return {
    specReplicasPath: path('specReplicasPath'),
    spec: split('specReplicasPath'),
    statusReplicasPath: path('statusReplicasPath'),
    status: split('statusReplicasPath'),
    labelSelectorPath: path('labelSelectorPath'),
    selector: split('labelSelectorPath'),
  };
}
