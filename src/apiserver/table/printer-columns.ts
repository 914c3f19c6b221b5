/** The columns of a custom resource: its CRD's additionalPrinterColumns, or NAME and AGE without any. */
import { age } from '../builtin/age.ts';
import type { TableCell, TableColumn } from '../builtin/resource.ts';
import { isJsonObject, type Json, type JsonObject, type KubeObject } from '../object.ts';
import { type JsonPath, parseJsonPath } from './json-path.ts';

/** Column definitions and what fills a row of them. */
export interface PrinterColumns {
  readonly columns: readonly TableColumn[];
  /** The cells, but for those that show an age: these are the time they count from. */
  rowTemplate(object: KubeObject): (TableCell | Since)[];
  row(object: KubeObject, now: number): TableCell[];
}

/** A cell that shows the time since `since` (RFC 3339). */
export interface Since {
  readonly since: string;
}

const nameColumn: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the ' +
    'generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. ' +
    'Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
  priority: 0,
};

const defaultColumns: Json[] = [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: '' }];

/** Reads a CRD version's additionalPrinterColumns, whose paths validation has accepted. */
export function printerColumns(additional: Json | undefined): PrinterColumns {
  const given = Array.isArray(additional) && additional.length > 0 ? additional : defaultColumns;
  const columns = given.filter(isJsonObject).map((column) => ({ definition: definitionOf(column), path: pathOf(column) }));
  const rowTemplate = (object: KubeObject): (TableCell | Since)[] => [
    object.metadata.name,
    ...columns.map(({ definition, path }) => cellOf(definition.type, path(object))),
  ];
  return {
    columns: [nameColumn, ...columns.map(({ definition }) => definition)],
    rowTemplate,
    row: (object, now) => rowTemplate(object).map((cell) => (isSince(cell) ? age(cell.since, now) : cell)),
  };
}

function definitionOf(column: JsonObject): TableColumn {
  const text = (key: string): string => (typeof column[key] === 'string' ? column[key] : '');
  const description =
    text('description') === '' ? `Custom resource definition column (in JSONPath format): ${text('jsonPath')}` : text('description');
  return {
    name: text('name'),
    type: text('type') as TableColumn['type'],
    format: text('format'),
    description,
    priority: typeof column['priority'] === 'number' ? column['priority'] : 0,
  };
}

function pathOf(column: JsonObject): JsonPath {
  try {
    return parseJsonPath(typeof column['jsonPath'] === 'string' ? column['jsonPath'] : '');
  } catch (error) {
    if (error instanceof SyntaxError) return () => []; // such a column was stored by a laxer version: show nothing
    throw error;
  }
}

/** Whether a cell is to show an age. */
export function isSince(cell: TableCell | Since): cell is Since {
  return typeof cell === 'object' && cell !== null;
}

function cellOf(type: TableColumn['type'], values: readonly Json[]): TableCell | Since {
  const [value] = values;
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? { since: value } : '<invalid>';
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}
