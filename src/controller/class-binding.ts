import { isMarkedDefault, type MdevClass } from '../api/mdev-class.ts';
import type { MdevDevice } from '../api/mdev-device.ts';
import { refuseByClass } from './class-rules.ts';
import type { WhyNot } from './why-not.ts';
import type { World } from './world.ts';

/** The classes marked as default, the one that counts first: the newest, and of two made in the same second the first by name. */
export function defaultClasses(classes: readonly MdevClass[]): MdevClass[] {
  return classes.filter(isMarkedDefault).sort((a, b) => {
    const times = (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');
    return times !== 0 ? times : a.metadata.name < b.metadata.name ? -1 : 1;
  });
}

/** The class that binds `device` when it is allocated: the one it names, or the default. Undefined if there is none. */
export function classOf(device: MdevDevice, { classes }: Pick<World, 'classes'>): MdevClass | undefined {
  const { className } = device.spec;
  return className === undefined ? defaultClasses(classes.byIndex('default', 'true'))[0] : classes.get(className);
}

/** Why `device` must wait whatever parents there are: its class is missing, or does not allow it. */
export function refuseByItsClass(device: MdevDevice, world: World): WhyNot | undefined {
  const { className } = device.spec;
  const bound = classOf(device, world);
  if (bound !== undefined) return refuseByClass(device.spec, world.namespaceOf(device), bound);
  if (className === undefined) return undefined;
  return {
    reason: 'ClassNotFound',
    message: `There is no MdevClass ${className} (spec.className). See those there are with: kubectl get mdevclasses.`,
  };
}

/** Whether a change of class `name` can matter to a device that has no place yet. `defaultChanged`: another class is the default, or that one changed. */
export function concerns(device: MdevDevice, name: string, defaultChanged: boolean): boolean {
  return device.spec.className === undefined ? defaultChanged : device.spec.className === name;
}
