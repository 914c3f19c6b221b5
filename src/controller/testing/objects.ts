import { defaultClassAnnotation } from '../../api/group.ts';
import { mdevClassSchema, type MdevClass } from '../../api/mdev-class.ts';
import { mdevDeviceSchema, type MdevDevice } from '../../api/mdev-device.ts';
import { mdevParentSchema, type MdevParent, type ParentDevice, type ParentStatus } from '../../api/mdev-parent.ts';
import type { NamespaceObject, NodeObject } from '../world.ts';

/** What a test says about a parent; the rest is filled in. */
export interface ParentSketch {
  readonly node?: string;
  readonly parent?: string;
  readonly labels?: Record<string, string>;
  readonly unschedulable?: boolean;
  readonly allowedTypes?: string[];
  readonly present?: boolean;
  readonly sharing?: ParentStatus['sharing'];
  readonly features?: ParentStatus['features'];
  /** Type id to [available, max] or, where max is not known, [available]. */
  readonly types?: Record<string, readonly [number, number?]>;
  /** Names of types, by id. */
  readonly names?: Record<string, string>;
  readonly devices?: readonly ParentDevice[];
  readonly resourceVersion?: string;
}

export function parentNamed(name: string, sketch: ParentSketch = {}): MdevParent {
  const { types = {}, devices = [], present = true } = sketch;
  return mdevParentSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevParent',
    metadata: { name, uid: `uid-${name}`, resourceVersion: sketch.resourceVersion, labels: sketch.labels },
    spec: {
      nodeName: sketch.node ?? 'n1',
      parent: sketch.parent ?? name,
      unschedulable: sketch.unschedulable,
      allowedTypes: sketch.allowedTypes,
    },
    status: {
      sharing: sketch.sharing ?? 'Unknown',
      features: sketch.features,
      supportedTypes: Object.entries(types).map(([id, [availableInstances, maxInstances]]) => ({
        id,
        name: sketch.names?.[id],
        availableInstances,
        maxInstances,
        instances: devices.filter((device) => device.typeID === id).length,
      })),
      devices,
      conditions: [
        {
          type: 'Present',
          status: present ? 'True' : 'False',
          reason: present ? 'Present' : 'Absent',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  });
}

function secondsAfterStart(at: number): string {
  return new Date(Date.UTC(2026, 0, 1) + at * 1000).toISOString().replace('.000', '');
}

/** A class, `at` seconds old as devices are. */
export function classNamed(name: string, spec: object, more: { at?: number; isDefault?: boolean } = {}): MdevClass {
  return mdevClassSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevClass',
    metadata: {
      name,
      creationTimestamp: secondsAfterStart(more.at ?? 0),
      ...(more.isDefault === true && { annotations: { [defaultClassAnnotation]: 'true' } }),
    },
    spec,
  });
}

/** A device object, `at` seconds old in the calendar of the tests: the greater the younger. */
export function deviceNamed(
  name: string,
  spec: object,
  more: { at?: number; uid?: string; metadata?: object; status?: object } = {},
): MdevDevice {
  return mdevDeviceSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: {
      namespace: 'ns',
      name,
      uid: more.uid ?? `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: secondsAfterStart(more.at ?? 0),
      ...more.metadata,
    },
    spec,
    status: more.status,
  });
}

export function nodeNamed(name: string, labels: Record<string, string> = {}, unschedulable = false): NodeObject {
  return { metadata: { name, labels }, spec: { unschedulable } };
}

export function namespaceNamed(name: string, labels: Record<string, string> = {}): NamespaceObject {
  return { metadata: { name, labels } };
}
