import { z } from 'zod';

/** A JSON schema node on its way to a structural schema. */
export type SchemaNode = { [key: string]: unknown };

function isNode(value: unknown): value is SchemaNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const dropped = new Set(['additionalProperties', 'propertyNames', '$schema', 'id', 'title']);

/**
 * Turns what zod makes of a schema into what a structural schema allows: no closed objects beside properties, no
 * bounds beyond 2^53, single-line patterns as RE2 reads them.
 */
function clean(node: SchemaNode): SchemaNode {
  const result: SchemaNode = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === 'additionalProperties' && isNode(value) && node['properties'] === undefined) result[key] = clean(value);
    else if (dropped.has(key)) continue;
    else if ((key === 'maximum' || key === 'minimum') && Math.abs(Number(value)) >= Number.MAX_SAFE_INTEGER) continue;
    else if (key === 'format' && value === 'date-time') result[key] = value;
    else if (key === 'pattern' && node['format'] === 'date-time') continue;
    else if (key === 'properties' && isNode(value))
      result[key] = Object.fromEntries(Object.entries(value).map(([name, child]) => [name, isNode(child) ? clean(child) : child]));
    else if (key === 'items' && isNode(value)) result[key] = clean(value);
    else result[key] = value;
  }
  if (result['type'] === 'integer') result['format'] = 'int64';
  return result;
}

/** The structural schema of a zod object schema, with `input` semantics: a field with a default is optional. */
export function toStructuralSchema(schema: z.ZodType): SchemaNode {
  return clean(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', unrepresentable: 'throw' }));
}
