/** OpenAPI v3: one document for each group and version, and the list of them. */
import { createHash } from 'node:crypto';
import { deleteOptionsSchema, statusSchema } from '../builtin/meta-schema.ts';
import type { JsonObject } from '../object.ts';
import { Components } from './components.ts';
import { groupVersionPath, patchTypesOf, pathsOf, type Operation } from './operations.ts';
import { parameterV3 } from './parameters.ts';
import { servedType, type OpenApiResource } from './served-type.ts';

/** The documents of `resources` as JSON texts, by the path they are served under /openapi/v3/ (`api/v1`, `apis/<group>/<version>`). */
export function openapiV3Documents(resources: readonly OpenApiResource[]): Map<string, string> {
  const groups = Map.groupBy(resources, (resource) => groupVersionPath(resource).slice(1));
  return new Map([...groups].map(([path, members]) => [path, JSON.stringify(openapiV3Document(members))]));
}

/** The body of /openapi/v3: where each document is. The hash lets clients cache it for ever. */
export function openapiV3Root(documents: ReadonlyMap<string, string>): JsonObject {
  const paths = [...documents].map(([path, text]): [string, JsonObject] => {
    const hash = createHash('sha512').update(text).digest('hex').toUpperCase();
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
  });
  return { paths: Object.fromEntries(paths) };
}

/** The document of the resources of one group and version. */
export function openapiV3Document(resources: readonly OpenApiResource[]): JsonObject {
  const components = new Components('v3');
  const paths: JsonObject = {};
  for (const resource of resources) {
    const types = servedType(resource);
    components.add(types.object);
    components.add(types.list);
    for (const { path, parameters, operations } of pathsOf(resource)) {
      paths[path] = {
        ...Object.fromEntries(operations.map((operation) => [operation.method, operationV3(operation, resource, components)])),
        parameters: parameters.map(parameterV3),
      };
    }
  }
  for (const type of [statusSchema, deleteOptionsSchema]) components.add(type);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths,
    components: { schemas: components.toJson() },
  };
}

function operationV3(operation: Operation, resource: OpenApiResource, components: Components): JsonObject {
  const { group, kind, version } = resource;
  const answer = components.add(operation.answer);
  const response = (description: string): JsonObject => ({
    description,
    content: { 'application/json': { schema: answer }, 'application/yaml': { schema: answer } },
  });
  const { body } = operation;
  const bodyTypes = operation.method === 'patch' ? patchTypesOf(resource) : ['*/*'];
  return {
    description: operation.description,
    operationId: operation.id,
    parameters: operation.parameters.map(parameterV3),
    ...(body !== undefined && {
      requestBody: { content: Object.fromEntries(bodyTypes.map((type) => [type, { schema: components.add(body) }])) },
    }),
    responses: { 200: response('OK'), ...(operation.created && { 201: response('Created') }), 401: { description: 'Unauthorized' } },
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': { group, kind, version },
  };
}
