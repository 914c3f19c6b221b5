import { defaultClassAnnotation } from '../api/group.ts';
import type { EventSink } from '../kube/events.ts';
import { defaultClasses } from './class-binding.ts';
import type { ClassStore } from './world.ts';

/** A function to call when classes have changed: it records an Event on every default class that another one outdoes. */
export function warnOfSeveralDefaults(classes: ClassStore, events: EventSink): () => void {
  let told = '';
  return () => {
    const [winner, ...others] = defaultClasses(classes.byIndex('default', 'true'));
    const names = JSON.stringify([winner, ...others].map((each) => each?.metadata.name));
    if (names === told) return;
    told = names;
    for (const other of others) {
      const message = `MdevClass ${winner?.metadata.name ?? ''} is marked as default too and is newer: it binds devices that name no class. Take the mark off one of the two, with: kubectl annotate mdevclass NAME ${defaultClassAnnotation}-`;
      events.record(other, { type: 'Warning', reason: 'SeveralDefaultClasses', message });
    }
  };
}
