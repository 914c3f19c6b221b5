/** OpenAPI v2 (Swagger 2.0): one document for everything. */
import type { JsonObject } from '../object.ts';
import { Components } from './components.ts';
import { patchTypesOf, pathsOf, type Operation } from './operations.ts';
import { parameterV2 } from './parameters.ts';
import { servedType, type OpenApiResource } from './served-type.ts';

/** The body of /openapi/v2; `version` is the server's, e.g. `v1.36.0`. */
export function openapiV2Document(resources: readonly OpenApiResource[], version: string): JsonObject {
  const components = new Components('v2');
  const paths: JsonObject = {};
  for (const resource of resources) {
    const types = servedType(resource);
    components.add(types.object);
    components.add(types.list);
    for (const { path, parameters, operations } of pathsOf(resource)) {
      paths[path] = {
        ...Object.fromEntries(operations.map((operation) => [operation.method, operationV2(operation, resource, components)])),
        parameters: parameters.map(parameterV2),
      };
    }
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version }, paths, definitions: components.toJson() };
}

function operationV2(operation: Operation, resource: OpenApiResource, components: Components): JsonObject {
  const { group, kind, version } = resource;
  const schema = components.add(operation.answer);
  const { body } = operation;
  return {
    consumes: operation.method === 'patch' ? patchTypesOf(resource) : ['*/*'],
    description: operation.description,
    operationId: operation.id,
    parameters: [
      ...(body === undefined ? [] : [{ name: 'body', in: 'body', required: operation.method !== 'delete', schema: components.add(body) }]),
      ...operation.parameters.map(parameterV2),
    ],
    produces: ['application/json', 'application/yaml'],
    responses: {
      200: { description: 'OK', schema },
      ...(operation.created && { 201: { description: 'Created', schema } }),
      401: { description: 'Unauthorized' },
    },
    schemes: ['https'],
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': { group, kind, version },
  };
}
