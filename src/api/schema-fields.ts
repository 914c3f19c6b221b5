import { customResourceDefinitions } from './crds.ts';

/** As much of a JSON schema as is looked at here. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

function fieldsBelow(schema: Schema, path: string): string[] {
  const { properties = {}, items, additionalProperties } = schema;
  return [
    ...Object.entries(properties).flatMap(([name, child]) => {
      const field = path === '' ? name : `${path}.${name}`;
      return [field, ...fieldsBelow(child, field)];
    }),
    ...(items === undefined ? [] : fieldsBelow(items, `${path}[]`)),
    ...(typeof additionalProperties === 'object' ? fieldsBelow(additionalProperties, `${path}.*`) : []),
  ];
}

/** Spec and status: metadata is the API server's own. */
function ownFields(schema: Schema): Set<string> {
  const { spec = {}, status = {} } = schema.properties ?? {};
  return new Set(fieldsBelow({ properties: { spec, status } }, ''));
}

/** What the CRDs of this version have, by kind, as an OpenAPI document of the API server shows it. */
function ownSchemas(): ReadonlyMap<string, Schema> {
  const definitions = [...customResourceDefinitions().values()] as unknown as readonly {
    spec: { names: { kind: string }; versions: [{ schema: { openAPIV3Schema: Schema } }] };
  }[];
  return new Map(definitions.map(({ spec }) => [spec.names.kind, spec.versions[0].schema.openAPIV3Schema]));
}

/**
 * The fields that this version knows and that the schemas an API server serves do not have, as `MdevDevice spec.group`: an API server drops
 * what its schema does not have, without a word. Those that are missing with all below them are named once; a kind that is missing, alone.
 * @param served the schemas that are served for this group and version, by kind
 */
export function missingFields(served: ReadonlyMap<string, object>): string[] {
  return [...ownSchemas()].flatMap(([kind, own]) => {
    const schema = served.get(kind);
    if (schema === undefined) return [kind];
    const present = ownFields(schema);
    const missing = [...ownFields(own)].filter((field) => !present.has(field));
    return missing.filter((field) => !missing.some((other) => isBelow(field, other))).map((field) => `${kind} ${field}`);
  });
}

function isBelow(field: string, other: string): boolean {
  return field.startsWith(`${other}.`) || field.startsWith(`${other}[`);
}
