import { expect, it } from 'vitest';
import { warnOfSeveralDefaults } from './default-class-warning.ts';
import { classNamed } from './testing/objects.ts';
import { situationOf } from './testing/situation.ts';

it('tells every default class which newer one binds instead of it, once', () => {
  const { classes } = situationOf({}).world;
  const told: string[] = [];
  const warn = warnOfSeveralDefaults(classes, {
    record: ({ kind, metadata }, { reason, message }) => told.push(`${kind} ${metadata.name} ${reason}: ${message}`),
  });
  classes.upsert(classNamed('old', {}, { isDefault: true, at: 1 }));
  classes.upsert(classNamed('plain', {}, { at: 3 }));
  warn();
  expect(told).toEqual([]);
  classes.upsert(classNamed('new', {}, { isDefault: true, at: 2 }));
  warn();
  warn();
  expect(told).toEqual([
    'MdevClass old SeveralDefaultClasses: MdevClass new is marked as default too and is newer: it binds devices that name no class. ' +
      'Take the mark off one of the two, with: kubectl annotate mdevclass NAME mediated.dev/is-default-class-',
  ]);
  classes.delete('new');
  warn();
  expect(told).toHaveLength(1);
});
