/** Columns that several tables have. */
import type { TableColumn } from './resource.ts';

export const column = (name: string, description: string, priority = 0): TableColumn => ({
  name,
  type: 'string',
  format: '',
  description,
  priority,
});

export const nameColumn = (priority = 0): TableColumn => ({ ...column('Name', 'The name of the object.', priority), format: 'name' });

export const ageColumn: TableColumn = column('Age', 'The time since the object was created.');
