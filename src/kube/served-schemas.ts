import { z } from 'zod';

/** What reads an OpenAPI document of an API server. */
export interface OpenapiReader {
  /** The OpenAPI v3 document of a group and version; undefined when the server has none. Rejects as KubeClient's calls do. */
  openapi(group: string, version: string, signal: AbortSignal): Promise<unknown>;
}

const documentSchema = z.object({
  components: z.object({
    schemas: z.record(
      z.string(),
      z.looseObject({
        'x-kubernetes-group-version-kind': z.array(z.object({ group: z.string(), version: z.string(), kind: z.string() })).optional(),
      }),
    ),
  }),
});

/** The schemas that an API server serves for a group and version, by kind; none when it does not serve it. */
export async function readServedSchemas(
  reader: OpenapiReader,
  group: string,
  version: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, object>> {
  const document = await reader.openapi(group, version, signal);
  const schemas = document === undefined ? [] : Object.values(documentSchema.parse(document).components.schemas);
  return new Map(
    schemas.flatMap((schema) =>
      (schema['x-kubernetes-group-version-kind'] ?? [])
        .filter((type) => type.group === group && type.version === version)
        .map(({ kind }) => [kind, schema] as const),
    ),
  );
}
